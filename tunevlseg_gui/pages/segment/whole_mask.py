"""Filters over a whole mask, in the engine: the mask goes there as a file and comes back as one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import Refine
from engine.contract.whole_file import write_whole
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.views import answers_folder
from tunevlseg_gui.viewer.scan import map_array

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page_jobs import Client

HALF = 0.5


def write_array(path: Path, array: NDArray[np.uint8]) -> Path:
    """A .npy file, whole or not at all. Raises DiskFull, InputError."""

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            np.save(file, array, allow_pickle=False)

    return write_whole(path, write)


class WholeMask(QObject):
    """One filter at a time."""

    def __init__(self, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._job = ""
        self._cancelled = False
        self._folder = Path()
        self._done: Callable[[NDArray[np.uint8]], None] = lambda _levels: None
        self._failed: Callable[[str], None] = lambda _problem: None
        client.event.connect(self._heard)

    def refine(
        self,
        levels: NDArray[np.uint8],
        place: Path,
        view: str,
        done: Callable[[NDArray[np.uint8]], None],
        failed: Callable[[str], None],
        *,
        smooth: float = 0.0,
        largest: bool = False,
    ) -> None:
        """`done` gets the filtered mask (0 and 255, [z, y, x]), `failed` what to say; both on the window's thread."""
        self._done, self._failed, self._cancelled = done, failed, False
        folder = self._folder = answers_folder(place)

        def written(path: Path) -> None:
            if self._cancelled:
                self._end(folder)
                failed(self.tr("Cancelled; the mask is as it was."))
                return
            job = Refine([str(path)], str(folder / "out"), HALF, view, smooth=smooth, largest=largest)
            self._job = self._client.submit(job)

        run_task(self, lambda: write_array(folder / "mask.npy", levels), written, lambda error: failed(str(error)))

    def cancel(self) -> None:
        self._cancelled = True
        if self._job:
            self._client.cancel(self._job)

    def _heard(self, event: Event) -> None:
        if not self._job or event.job_id != self._job:
            return
        folder = self._folder
        match event:
            case JobFinished(result=result):
                self._job = ""
                path = Path(str(result["masks"][0]))

                def arrived(levels: NDArray[np.uint8]) -> None:
                    self._done(levels)
                    self._end(folder)

                run_task(self, lambda: np.array(map_array(path)), arrived, lambda error: self._failed(str(error)))
            case JobFailed(message=message, hint=hint):
                self._job = ""
                self._end(folder)
                self._failed(f"{message} {hint}".strip())
            case JobCancelled():
                self._job = ""
                self._end(folder)
                self._failed(self.tr("Cancelled; the mask is as it was."))

    def _end(self, folder: Path) -> None:
        run_task(self, lambda: shutil.rmtree(folder, ignore_errors=True), lambda _done: None)
