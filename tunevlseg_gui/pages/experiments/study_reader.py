"""Reads a study through the engine and keeps it fresh: at once when its worker tells something, else by looking.

Each reading is quick: rows and rules. Importance and correlations, which take longer, are read after it, where other
trials have ended since they were read last.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import ReadStudy
from engine.runs.folders import cache_folder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.pages.experiments.study_data import Study, read_study

SOON_MS = 150
LOOK_MS = 4000
"""How often the storage of a study is looked at that somebody else may work on."""


class StudyReader(QObject):
    read = Signal(object)  # Study
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self.folder = Path()
        self._busy = False
        self._again = False
        self._figures = False  # whether this reading is the long one
        self._known: Study | None = None  # the last one with figures
        self._seen = 0.0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(lambda: self.refresh())
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._look_at_file)

    def use(self, folder: Path) -> None:
        if folder != self.folder:
            self._known = None
        self.folder, self._seen = folder, 0.0
        self.refresh()
        self._look.start()

    def stop(self) -> None:
        self._look.stop()

    def soon(self) -> None:
        """Several wishes in a row are one reading."""
        if not self._soon.isActive():
            self._soon.start()

    def refresh(self, *, figures: bool = False) -> None:
        if self.folder == Path():
            return
        if self._busy:
            self._again = True  # a short one follows whatever is read now
            return
        self._busy, self._figures = True, figures
        out = str(cache_folder() / "studies" / ("whole" if self._figures else "first"))
        self._client.submit(ReadStudy(str(self.folder), out, figures=figures), partial(self._answered, self.folder))

    def _answered(self, folder: Path, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                run_task(self, partial(read_study, folder, result), partial(self._take, folder), self._over)
            case JobFailed() as failure:
                self._over()
                self.notice.emit(of_failure(failure))

    def _take(self, folder: Path, study: Study) -> None:
        if folder != self.folder:
            self._again = True  # another study is waited for meanwhile
            self._over()
            return
        if self._figures:
            self._known = study
        elif self._known is not None:
            kept = self._known
            study = replace(study, importances=kept.importances, correlations=kept.correlations, figured=True)
        self._busy = False
        if self._again:
            self._again = False
            self._soon.start()
        elif self._known is None or int(self._known.complete.sum()) != int(study.complete.sum()):
            self.refresh(figures=True)
        self.read.emit(study)

    def _over(self, error: Exception | None = None) -> None:
        del error  # the file was written anew meanwhile, or is gone: the next reading tells
        self._busy = False
        if self._again:
            self._again = False
            self.soon()

    def _look_at_file(self) -> None:
        run_task(self, partial(_stamp, self.folder), self._stamped)

    def _stamped(self, stamp: float) -> None:
        """A journal that grew is read; a database says nothing by its file and is read every time."""
        if stamp < 0 or stamp != self._seen:
            if self._seen or stamp < 0:
                self.soon()
            self._seen = max(stamp, 0.0)


def _stamp(folder: Path) -> float:
    journal = folder / "study.journal"
    try:
        found = journal.stat()
    except OSError:
        return -1.0
    return found.st_mtime + found.st_size
