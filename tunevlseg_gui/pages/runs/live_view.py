"""One run, live or finished: curves, best epoch, time left, preview, log; stop, pause, resume, export."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QPlainTextEdit,
    QProgressBar,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.contract.events import EpochEnded, Event, Log, PreviewReady
from tunevlseg_gui.pages.runs.live_state import LiveState, in_words
from tunevlseg_gui.pages.runs.preview_box import PreviewBox
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.curve_plot import CurvePlot
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import card, label, set_tone

_WORDS = {
    "starting": ("Starting: the worker gets ready", "accent"),
    "running": ("Running", "accent"),
    "paused": ("Paused", "warning"),
    "stopping": ("Stopping after this epoch", "warning"),
    "finished": ("Finished", "good"),
    "failed": ("Failed", "danger"),
    "cancelled": ("Cancelled", "warning"),
    "interrupted": ("Interrupted", "warning"),
}
_FACTS = (("epoch", "Epoch"), ("dice", "Validation Dice"), ("best", "Best Dice"), ("left", "Time left, at most"))


class LiveView(QWidget):
    back_wanted = Signal()
    stop_wanted = Signal()
    cancel_wanted = Signal()
    pause_wanted = Signal(bool)  # True: pause, False: go on
    resume_wanted = Signal()
    export_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("liveView")
        self.folder = Path()
        self.state = LiveState()
        self._name = ""
        self.header = PageHeader("Run")
        self.phase = label("", "chip", name="runPhase")
        self.back = button("All runs", "allRuns", self.back_wanted.emit, role="flat", picture="back")
        self.pause = button("Pause", "pauseRun", self._pause, picture="pause")
        self.stop = button(
            "Stop, keep the best",
            "stopRun",
            self._stop,
            picture="stop",
            tip="Ends the run after this epoch; the best epoch so far is kept",
        )
        self.cancel = button(
            "Cancel", "cancelRun", self.cancel_wanted.emit, role="flat", tip="Ends the run at once; it can be resumed"
        )
        self.resume = button("Resume", "resumeRun", self.resume_wanted.emit, picture="resume")
        self.export = button(
            "Export…",
            "exportRun",
            self.export_wanted.emit,
            role="primary",
            picture="export",
            tip="Makes a bundle for use",
        )
        for widget in (
            self.phase,
            self.back,
            button("Show folder", "showRunFolder", self.folder_wanted.emit, role="flat", picture="folder"),
            self.cancel,
            self.pause,
            self.stop,
            self.resume,
            self.export,
        ):
            self.header.add(widget)
        self.progress = QProgressBar()
        self.progress.setObjectName("runProgress")
        self.progress.setTextVisible(False)
        self.dice = CurvePlot("Dice", "dicePlot", top=1.0, rises=True)
        self.loss = CurvePlot("Loss", "lossPlot")
        self.preview = PreviewBox()
        self.log = QPlainTextEdit()
        self.log.setObjectName("runLog")
        self.log.setAccessibleName("Log of the run")
        self.log.setProperty("role", "code")
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(2000)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(12)
        rows.addWidget(self.header)
        rows.addWidget(self._facts())
        rows.addWidget(self._body(), 1)
        self.show_run(Path(), "", "")

    def _facts(self) -> QWidget:
        made = card()
        grid = QGridLayout(made)
        grid.setContentsMargins(18, 10, 18, 12)
        grid.setHorizontalSpacing(36)
        grid.setVerticalSpacing(0)
        self._numbers = {}
        for column, (name, title) in enumerate(_FACTS):
            self._numbers[name] = label("–", "number", name=f"fact_{name}")
            self._numbers[name].setAccessibleName(title)
            grid.addWidget(label(title, "muted"), 0, column)
            grid.addWidget(self._numbers[name], 1, column)
        self.goes_on = label("The run goes on when this window is closed.", "muted", wrap=True)
        self.goes_on.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.goes_on, 0, len(_FACTS), 2, 1)
        grid.setColumnStretch(len(_FACTS), 1)
        grid.addWidget(self.progress, 2, 0, 1, len(_FACTS) + 1)
        self._facts_grid = grid
        return made

    def _body(self) -> QWidget:
        plots = QSplitter(Qt.Orientation.Vertical)
        for plot in (self.dice, self.loss):
            framed = card()
            rows = QVBoxLayout(framed)
            rows.setContentsMargins(8, 8, 8, 8)
            rows.addWidget(plot)
            plots.addWidget(framed)
        side = QTabWidget()
        side.setObjectName("runSide")
        for title, widget in (("Preview", self.preview), ("Log", self.log)):
            holder = QWidget()
            rows = QVBoxLayout(holder)
            rows.setContentsMargins(10, 10, 10, 10)
            rows.addWidget(widget)
            side.addTab(holder, title)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(plots)
        whole.addWidget(side)
        whole.setStretchFactor(0, 3)
        whole.setStretchFactor(1, 2)
        whole.setSizes([680, 420])
        whole.setChildrenCollapsible(False)
        return whole

    def show_run(self, folder: Path, name: str, line: str) -> None:
        """Another run: everything drawn is put away, its events follow."""
        self.folder = folder
        self.state = LiveState()
        self.dice.clear()
        self.loss.clear()
        self.preview.clear()
        self.log.clear()
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

    def show_metrics(self, rows: list[dict[str, float]]) -> None:
        """The curves from metrics.csv, where there are no events."""
        for row in rows:
            epoch, dice = int(row["epoch"]), row.get("val_dice")
            state = self.state
            state.epoch, state.epochs, state.metrics = epoch, max(epoch, state.epochs), row
            if dice is not None and (state.best is None or dice > state.best[1]):
                state.best = (epoch, dice)
            self.put_epoch(epoch, row)
        self.draw()

    def describe(self, name: str, line: str) -> None:
        self._name = name
        self.header.set_title(name)
        self.header.set_line(line)

    def take(self, event: Event) -> None:
        """Draws what an event changes."""
        lines = len(self.state.log)
        self.state.take(event)
        if isinstance(event, EpochEnded):
            self.put_epoch(event.epoch, event.metrics)
        elif isinstance(event, PreviewReady):
            epoch = event.epoch if event.epoch is not None else self.state.epoch
            self.preview.add(epoch, self.folder / event.path)
        elif isinstance(event, Log) or len(self.state.log) > lines:
            self.log.appendPlainText(self.state.log[-1])
        self.draw()

    def put_epoch(self, epoch: int, metrics: dict[str, float]) -> None:
        self.dice.put(epoch, train=metrics.get("train_dice"), val=metrics.get("val_dice"))
        self.loss.put(epoch, train=metrics.get("train_loss"), val=metrics.get("val_loss"))
        if self.state.best is not None:
            self.dice.mark_best(*self.state.best)

    def draw(self) -> None:
        state = self.state
        text, tone = _WORDS[state.phase]
        self.phase.setText(text)
        set_tone(self.phase, tone)
        self._numbers["epoch"].setText(f"{state.epoch} of {state.epochs}" if state.epochs else "–")
        dice = state.metrics.get("val_dice")
        self._numbers["dice"].setText("–" if dice is None else f"{dice:.3f}")
        self._numbers["best"].setText(f"{state.best[1]:.3f} (epoch {state.best[0]})" if state.best else "–")
        self._numbers["left"].setText("–" if state.over else in_words(state.seconds_left))
        self._draw_progress()
        going = not state.over
        for widget in (self.pause, self.stop, self.cancel, self.goes_on):
            widget.setVisible(going)
        self.stop.setEnabled(state.phase != "stopping" and state.epoch > 0)
        self.pause.setText("Go on" if state.phase == "paused" else "Pause")
        self.resume.setVisible(state.phase in ("failed", "cancelled", "interrupted"))
        self.export.setVisible(state.over and state.best is not None)

    def _draw_progress(self) -> None:
        state = self.state
        self.progress.setVisible(not state.over)
        self._facts_grid.setRowMinimumHeight(2, 0 if state.over else 18)
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
