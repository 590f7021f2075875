"""One run, live or finished: its curves, where it stands, pictures, log; what can be done with it."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.contract.events import EpochEnded, Event, PreviewReady
from engine.contract.sizes import size
from tunevlseg_gui.pages.runs.live_curves import LiveCurves
from tunevlseg_gui.pages.runs.live_state import LiveState, in_words
from tunevlseg_gui.pages.runs.live_strip import PreviewStrip
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import card, label, set_tone

REDRAW_MS = 100
"""At most ten redraws a second, however fast events come."""
_WORDS = {
    "waiting": (QT_TRANSLATE_NOOP("LiveView", "Waiting in the queue"), "warning"),
    "starting": (QT_TRANSLATE_NOOP("LiveView", "Starting: the worker gets ready"), "accent"),
    "running": (QT_TRANSLATE_NOOP("LiveView", "Running"), "accent"),
    "paused": (QT_TRANSLATE_NOOP("LiveView", "Paused"), "warning"),
    "stopping": (QT_TRANSLATE_NOOP("LiveView", "Stopping after this epoch"), "warning"),
    "finished": (QT_TRANSLATE_NOOP("LiveView", "Finished"), "good"),
    "failed": (QT_TRANSLATE_NOOP("LiveView", "Failed"), "danger"),
    "cancelled": (QT_TRANSLATE_NOOP("LiveView", "Cancelled"), "warning"),
    "interrupted": (QT_TRANSLATE_NOOP("LiveView", "Interrupted"), "warning"),
}
_FACTS = (
    ("epoch", QT_TRANSLATE_NOOP("LiveView", "Epoch")),
    ("dice", QT_TRANSLATE_NOOP("LiveView", "Validation Dice")),
    ("best", QT_TRANSLATE_NOOP("LiveView", "Best Dice")),
    ("left", QT_TRANSLATE_NOOP("LiveView", "Time left, at most")),
    ("patience", QT_TRANSLATE_NOOP("LiveView", "Patience left, epochs")),
)


class LiveView(QWidget):
    back_wanted = Signal()
    stop_wanted = Signal()
    cancel_wanted = Signal()
    pause_wanted = Signal(bool)  # True: pause, False: go on
    resume_wanted = Signal()
    export_wanted = Signal()
    folder_wanted = Signal()
    leave_queue_wanted = Signal()
    adjust_wanted = Signal()
    fork_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("liveView")
        self.folder = Path()
        self.state = LiveState()
        self._name = ""
        self._logged = 0
        self.header = PageHeader(self.tr("Run"))
        self.phase = label("", "chip", name="runPhase")
        self.curves = LiveCurves()
        self.dice, self.loss = self.curves.plots
        self.preview = PreviewStrip()
        self.progress = QProgressBar()
        self.progress.setObjectName("runProgress")
        self.progress.setAccessibleName(self.tr("Progress of the run"))
        self.progress.setTextVisible(False)
        self.log = QPlainTextEdit()
        self.log.setObjectName("runLog")
        self.log.setAccessibleName(self.tr("Log of the run"))
        self.log.setProperty("role", "code")
        self.log.setReadOnly(True)
        self.log.setTabChangesFocus(True)
        self.log.setMaximumBlockCount(2000)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.draw)
        self._make_actions()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(12)
        rows.addWidget(self.header)
        rows.addWidget(self._facts())
        rows.addWidget(self._body(), 1)
        self.show_run(Path(), "", "")

    # -- building ------------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        self.back = button(self.tr("All runs"), "allRuns", self.back_wanted.emit, role="flat", picture="back")
        self.show_folder = button(
            self.tr("Show folder"), "showRunFolder", self.folder_wanted.emit, role="flat", picture="folder"
        )
        self.pause = button(self.tr("Pause"), "pauseRun", self._pause, picture="pause")
        stops = self.tr("Ends the run after this epoch; the best epoch so far is kept")
        self.stop = button(self.tr("Stop, keep the best"), "stopRun", self._stop, picture="stop", tip=stops)
        ends = self.tr("Ends the run at once; it can be resumed")
        self.cancel = button(self.tr("Cancel"), "cancelRun", self.cancel_wanted.emit, role="flat", tip=ends)
        self.leave_queue = button(self.tr("Leave the queue"), "leaveQueue", self._leave_queue, picture="close")
        self.resume = button(self.tr("Resume"), "resumeRun", self.resume_wanted.emit, picture="resume")
        makes = self.tr("Makes a bundle for use")
        self.export = button(
            self.tr("Export…"), "exportRun", self.export_wanted.emit, role="primary", picture="export", tip=makes
        )
        for widget in (
            self.phase, self.back, self.show_folder, self.cancel, self.pause, self.stop, self.leave_queue, self.resume,
            self.export,
        ):  # fmt: skip
            self.header.add(widget)
        later = self.tr("Learning rate, patience and epochs, from the next step on")
        self.adjust = button(
            self.tr("Change settings…"), "adjustRun", self.adjust_wanted.emit, picture="tune", tip=later
        )
        forks = self.tr("A new run from one of its epochs, with other settings")
        self.fork = button(self.tr("Fork…"), "forkRun", self.fork_wanted.emit, picture="part", tip=forks)

    def _facts(self) -> QWidget:
        made = card()
        grid = QGridLayout(made)
        grid.setContentsMargins(18, 10, 18, 12)
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(0)
        self._numbers, self._titles = {}, {}
        for column, (name, title) in enumerate(_FACTS):
            self._numbers[name] = label("–", "number", name=f"fact_{name}")
            self._numbers[name].setAccessibleName(self.tr(title))
            self._titles[name] = label(self.tr(title), "muted")
            grid.addWidget(self._titles[name], 0, column)
            grid.addWidget(self._numbers[name], 1, column)
        self.machine = label("", "muted", wrap=True, name="runMachine")
        self.machine.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.machine.setAccessibleName(self.tr("Device, speed and memory"))
        last = len(_FACTS)
        grid.addWidget(self.machine, 0, last)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addStretch(1)
        actions.addWidget(self.adjust)
        actions.addWidget(self.fork)
        grid.addLayout(actions, 1, last)
        grid.setColumnStretch(last, 1)
        grid.addWidget(self.progress, 2, 0, 1, last + 1)
        self._facts_grid = grid
        return made

    def _body(self) -> QWidget:
        side = QTabWidget()
        side.setObjectName("runSide")
        for title, widget in ((self.tr("Images"), self.preview), (self.tr("Log"), self.log)):
            holder = QWidget()
            rows = QVBoxLayout(holder)
            rows.setContentsMargins(10, 10, 10, 10)
            rows.addWidget(widget)
            side.addTab(holder, title)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(self.curves)
        whole.addWidget(side)
        whole.setStretchFactor(0, 3)
        whole.setStretchFactor(1, 2)
        whole.setSizes([700, 420])
        whole.setChildrenCollapsible(False)
        return whole

    # -- the run -------------------------------------------------------------------------------------------------

    def show_run(self, folder: Path, name: str, line: str) -> None:
        """Another run: everything drawn is put away, its events follow."""
        self.folder = folder
        self.state = LiveState()
        self.curves.show_run(folder)
        self.preview.show_run(folder)
        self.log.clear()
        self._logged = 0
        self.describe(name or folder.name, line or str(folder))
        self.draw()

    @property
    def state_name(self) -> str:
        """The run's name as a file's name."""
        return re.sub(r"[^\w\-]+", "-", self._name).strip("-") or "bundle"

    def restart(self) -> None:
        """The run goes on from its last epoch: its curves stay."""
        self.state.phase, self.state.failure = "starting", None
        self.draw()

    def show_waiting(self, place: int | None) -> None:
        """Its place in the queue, counted from 1; None: it does not wait (any more)."""
        if place is not None and (self.state.over or self.state.phase in ("starting", "waiting")):
            self.state.phase = "waiting"
            self.header.setToolTip(self.tr("Number {place} in the queue").format(place=place))
        elif place is None and self.state.waiting:
            self.state.phase = "starting"
            self.header.setToolTip("")
        self.draw()

    def show_metrics(self, rows: list[dict[str, float]], epochs: int = 0, estimate: float | None = None) -> None:
        """metrics.csv: what no event told of, such as the first part of a fork. `epochs`: as the recipe has them;
        `estimate`: seconds of the run."""
        state = self.state
        state.estimate, state.epochs = estimate, state.epochs or epochs
        untold = [row for row in rows if not state.first_epoch or row["epoch"] < state.first_epoch]
        if untold:
            told = [row for row in rows if state.first_epoch and state.first_epoch <= row["epoch"] <= state.epoch]
            known = LiveState()
            for row in untold:
                known.take_row(row)
            if not state.first_epoch:
                state.epoch, state.epochs, state.metrics = known.epoch, max(known.epochs, state.epochs), known.metrics
            if known.best is not None and (state.best is None or known.best[1] >= state.best[1]):
                state.best = known.best
            self.curves.fill([*untold, *told])
            self._mark_best()
        self.draw()

    def describe(self, name: str, line: str) -> None:
        self._name = name
        self.header.set_title(name)
        self.header.set_line(line)

    def take(self, event: Event) -> None:
        """Takes in what an event changes; it is drawn soon."""
        before = self.state.phase
        self.state.take(event)
        if isinstance(event, EpochEnded):
            self.curves.put(event.epoch, event.metrics)
            self._mark_best()
        elif isinstance(event, PreviewReady):
            epoch = event.epoch if event.epoch is not None else self.state.epoch
            self.preview.add(epoch, self.folder / event.path)
        if self.state.phase != before:
            self._draw_phase()
        if not self._timer.isActive():
            self._timer.start()

    def _mark_best(self) -> None:
        if self.state.best is not None:
            self.curves.mark_best(*self.state.best)
            self.preview.mark_best(self.state.best[0])

    # -- drawing -------------------------------------------------------------------------------------------------

    def _draw_phase(self) -> None:
        """What it does, and what can be done with it: at once, while numbers and bar wait for the next redraw."""
        text, tone = _WORDS[self.state.phase]
        self.phase.setText(self.tr(text))
        set_tone(self.phase, tone)
        self._offer()

    def draw(self) -> None:
        state = self.state
        self._draw_phase()
        for name, told in self._told().items():
            self._numbers[name].setText(told)
        self.machine.setText(self._machine())
        if len(state.log) > self._logged:
            self.log.appendPlainText("\n".join(state.log[self._logged :]))
            self._logged = len(state.log)
        for name in ("left", "patience"):
            for text in (self._numbers[name], self._titles[name]):
                text.setVisible(not state.over)
        self._draw_progress()

    def _told(self) -> dict[str, str]:
        state = self.state
        dice = state.metrics.get("val_dice")
        of, best = self.tr("{epoch} of {epochs}"), self.tr("{value} (epoch {epoch})")
        left = state.patience_left
        return {
            "epoch": of.format(epoch=state.epoch, epochs=state.epochs) if state.epochs else "–",
            "dice": "–" if dice is None else f"{dice:.3f}",
            "best": best.format(value=f"{state.best[1]:.3f}", epoch=state.best[0]) if state.best else "–",
            "left": "–" if state.over else in_words(state.seconds_left),
            "patience": "–" if left is None or state.over else str(left),
        }

    def _machine(self) -> str:
        state = self.state
        rate, memory = state.images_per_second, state.memory
        device = {"cpu": self.tr("processor")}.get(state.device, state.device)
        parts = [
            device,
            "" if rate is None else self.tr("{rate} images/s").format(rate=f"{rate:.3g}"),
            "" if memory is None else size(memory),
        ]
        told = "  ·  ".join(filter(None, parts))
        if state.waiting:
            return self.tr("It starts when its turn comes, with or without this window.")
        return told or ("" if state.over else self.tr("The run goes on when this window is closed."))

    def _offer(self) -> None:
        state = self.state
        going = not state.over and not state.waiting
        for widget in (self.pause, self.stop, self.cancel, self.adjust):
            widget.setVisible(going)
        self.stop.setEnabled(state.phase != "stopping" and state.epoch > 0)
        self.adjust.setEnabled(state.phase in ("running", "paused"))
        self.pause.setText(self.tr("Go on") if state.phase == "paused" else self.tr("Pause"))
        self.leave_queue.setVisible(state.waiting)
        self.fork.setEnabled(state.epoch > 0)
        self.resume.setVisible(state.phase in ("failed", "cancelled", "interrupted"))
        self.export.setVisible(state.over and state.best is not None)

    def _draw_progress(self) -> None:
        state = self.state
        shown = not state.over and not state.waiting
        self.progress.setVisible(shown)
        self._facts_grid.setRowMinimumHeight(2, 18 if shown else 0)
        if state.epochs:
            within = state.done / state.total if state.total and state.done < state.total else 0.0
            self.progress.setRange(0, state.epochs * 100)
            self.progress.setValue(round((state.epoch + within) * 100))
        else:
            self.progress.setRange(0, int(state.total))
            self.progress.setValue(int(state.done))

    def _pause(self) -> None:
        self.pause_wanted.emit(self.state.phase != "paused")

    def _stop(self) -> None:
        self.state.phase = "stopping"
        self.draw()
        self.stop_wanted.emit()

    def _leave_queue(self) -> None:
        self.state.phase = "cancelled"
        self.draw()
        self.leave_queue_wanted.emit()
