"""One run, live or finished: its curves, where it stands, pictures, log; what can be done with it."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from engine.contract.events import EpochEnded, Event, PreviewReady
from tunevlseg_gui.pages.runs.live_body import LiveBody
from tunevlseg_gui.pages.runs.live_curves import LiveCurves
from tunevlseg_gui.pages.runs.live_facts import LiveFacts
from tunevlseg_gui.pages.runs.live_state import LiveState
from tunevlseg_gui.pages.runs.live_strip import PreviewStrip
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import label, set_tone

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
        self.facts = LiveFacts()
        self.facts.adjust_wanted.connect(self.adjust_wanted)
        self.facts.fork_wanted.connect(self.fork_wanted)
        self.adjust, self.fork = self.facts.adjust, self.facts.fork
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
        rows.addWidget(self.facts)
        rows.addWidget(LiveBody(self.curves, self.preview, self.log), 1)
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
            self.header.add(widget, shrinks=widget in (self.back, self.show_folder))

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
        self.facts.show_state(state)
        if len(state.log) > self._logged:
            self.log.appendPlainText("\n".join(state.log[self._logged :]))
            self._logged = len(state.log)

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
        self.header.fit()

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
