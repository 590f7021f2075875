"""A button that asks the engine for something that takes a while: progress beside it, a way out, the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from engine.contract.durations import duration
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Log, Progress
from engine.contract.jobs import Job
from engine.runs.layout import RECIPE
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import label


class JobBar(QWidget):
    """`finished` carries the run that was asked about and the job's result; another run may be on show by then."""

    finished = Signal(object, object)  # Path, dict
    notice = Signal(object)

    def __init__(
        self,
        client: EngineClient,
        name: str,
        title: str,
        job: Callable[[Path], Job],
        *,
        picture: str = "play",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._job_of = job
        self._folder = Path()
        self._asked: tuple[str, Path] | None = None
        self.start = button(title, f"{name}Start", self.ask, role="primary", picture=picture)
        self.cancel = button(self.tr("Cancel"), f"{name}Cancel", self._cancel, picture="stop")
        self.command = command_button(
            f"{name}Command",
            self.tr("Show the command"),
            lambda: job(self._folder),
            lambda: self._folder / RECIPE,
        )
        self.progress = QProgressBar()
        self.progress.setObjectName(f"{name}Progress")
        self.progress.setAccessibleName(title)
        self.progress.setTextVisible(False)
        self.words = label("", "muted", name=f"{name}Words")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.start)
        row.addWidget(self.cancel)
        row.addWidget(self.command)
        row.addWidget(self.progress, 1)
        row.addWidget(self.words)
        row.addStretch(1)
        self._show_going(False)

    def show_run(self, folder: Path) -> None:
        """Which run is asked about; a job about another one goes on, and is told when it ends."""
        self._folder = folder
        self._show_going(self._asked is not None and self._asked[1] == folder)

    @property
    def going(self) -> bool:
        """A job about the run on show is under way."""
        return self._asked is not None and self._asked[1] == self._folder

    def ask(self) -> None:
        """Asks about the run on show, if nothing is asked already."""
        if self._asked is not None:
            return
        folder = self._folder
        self.progress.setRange(0, 0)
        self.words.setText(self.tr("Getting ready…"))
        self.notice.emit(None)
        self._asked = (self._client.submit(self._job_of(folder), lambda event: self._heard(folder, event)), folder)
        self._show_going(True)

    def _cancel(self) -> None:
        if self._asked is not None:
            self.words.setText(self.tr("Cancelling…"))
            self._client.cancel(self._asked[0])

    def _show_going(self, going: bool) -> None:
        self.start.setVisible(not going)
        self.start.setEnabled(self._asked is None)
        for widget in (self.cancel, self.progress, self.words):
            widget.setVisible(going)

    def _heard(self, folder: Path, event: Event) -> None:
        match event:
            case Progress(done=done, total=total, unit=unit, eta=eta, stage=stage):
                self.progress.setRange(0, int(total))
                self.progress.setValue(int(done))
                left = self.tr(", {time} left").format(time=duration(eta)) if eta and eta >= 1 else ""
                self.words.setText(f"{stage or unit} {done:.0f}/{total:.0f}{left}")
            case Log(message=message):
                self.words.setText(message[:90])
            case JobFinished(result=result):
                self._ended()
                self.finished.emit(folder, result)
            case JobFailed():
                self._ended()
                self.notice.emit(of_failure(event))
            case JobCancelled():
                self._ended()

    def _ended(self) -> None:
        self._asked = None
        self._show_going(False)
