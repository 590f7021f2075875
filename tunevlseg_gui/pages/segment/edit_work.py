"""Changes of a mask that take a while: off the window's thread, one at a time, each of which can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, QObject, Signal

from engine.contract.errors import Cancelled, EngineError
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.whole_mask import WholeMask

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page_jobs import Client

CANCELLED = QT_TRANSLATE_NOOP("EditWork", "Cancelled; the mask is as it was.")


class EditWork(QObject):
    changed = Signal()  # something began or is over
    told = Signal(str)  # what went wrong, or that it was cancelled
    stepped = Signal(int, int)  # done, total of what is under way

    def __init__(self, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.busy = ""  # what is under way, in words
        self._stop = threading.Event()
        self._era = 0  # grows with each scan: what was begun on another one comes too late
        self._whole = WholeMask(client, self)

    def forget(self) -> None:
        """Another scan: what is still under way ends unheard."""
        self._era += 1
        self.busy = ""

    def cancel(self) -> None:
        self._stop.set()
        self._whole.cancel()

    def check(self) -> None:
        """For work: raises Cancelled once it was."""
        if self._stop.is_set():
            raise Cancelled

    def step(self, done: int, total: int) -> None:
        """For work: how far it is. Raises Cancelled once it was."""
        self.check()
        self.stepped.emit(done, total)

    def run(self, doing: str, work: Callable[[], object], done: Callable[..., None]) -> None:
        """`work` on a pool thread, then `done(what it gave)` on the window's."""
        era = self._begin(doing)

        def arrived(found: object) -> None:
            if era == self._era:
                self._end("")
                done(found)

        def failed(error: Exception) -> None:
            said = error.message if isinstance(error, EngineError) else str(error)
            if era == self._era:
                self._end(self.tr(CANCELLED) if isinstance(error, Cancelled) else said)

        run_task(self, work, arrived, failed)

    def refine(
        self,
        doing: str,
        levels: NDArray[np.uint8],
        folder: Path,
        view: str,
        done: Callable[[NDArray[np.uint8]], None],
        *,
        smooth: float = 0.0,
        largest: bool = False,
    ) -> None:
        """In the engine, which has the filters; `done` gets the filtered mask (0 and 255, [z, y, x])."""
        era = self._begin(doing)

        def made(found: NDArray[np.uint8]) -> None:
            if era == self._era:
                self.busy = ""
                done(found)

        def failed(problem: str) -> None:
            if era == self._era:
                self._end(problem)

        self._whole.refine(levels, folder, view, made, failed, smooth=smooth, largest=largest)

    def _begin(self, doing: str) -> int:
        self.busy = doing
        self._stop = threading.Event()
        self.changed.emit()
        return self._era

    def _end(self, said: str) -> None:
        self.busy = ""
        if said:
            self.told.emit(said)
        self.changed.emit()
