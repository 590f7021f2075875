"""What an earlier window left: runs that go on, a queue that is held, edits of masks that were not saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.runs.queue import Queue
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.frame.page_stack import PageStack
from tunevlseg_gui.pages.runs.run_keeper import RunKeeper
from tunevlseg_gui.settings.model import WindowSettings

SOON_MS = 300
"""After the window is drawn: nobody waits for it."""


class EarlierWork(QObject):
    """Looks for it, and says what it found."""

    told = Signal(object)

    def __init__(self, keeper: RunKeeper, pages: PageStack) -> None:
        super().__init__(keeper)
        self._keeper = keeper
        self._pages = pages
        keeper.found.connect(self._running_found)
        keeper.queue_found.connect(self._queue_found)

    def look(self, settings: WindowSettings, unsaved: Callable[[list[Path]], None], *, announce: bool) -> None:
        """`unsaved` is given the scans, of those opened lately, that have edits; without `announce` nothing is said."""
        QTimer.singleShot(SOON_MS, lambda: self._keeper.watch(announce=announce))
        if announce:
            QTimer.singleShot(SOON_MS, lambda: self._find_unsaved(settings, unsaved))

    @Slot(object)
    def _running_found(self, run: Path) -> None:
        """A run that goes on since an earlier window, or was started elsewhere."""
        found = Notice(
            self.tr("{run} is still running.").format(run=run.name),
            self.tr("You find its curves under Runs."),
            run=run,
        )
        self.told.emit(found)
        page: Any = self._pages.page("runs")
        page.open_run(run)

    @Slot(object)
    def _queue_found(self, queue: Queue) -> None:
        """Runs that wait, in a queue that was held when a window was closed."""
        waiting = self.tr("The queue is held; runs that wait: {count}.").format(count=len(queue.waiting))
        self.told.emit(Notice(waiting, self.tr("Let it go on, or change it, under Runs.")))

    def _find_unsaved(self, settings: WindowSettings, unsaved: Callable[[list[Path]], None]) -> None:
        """Edits of masks that an earlier window did not save."""
        scans = [Path(recent.path) for recent in settings.recent if recent.kind == "scan"]

        def look() -> list[Path]:
            from tunevlseg_gui.pages.segment.recovery import unsaved_among

            return unsaved_among(scans)

        if scans:
            run_task(self, look, unsaved)
