"""The Data page's talk with the engine: asks for the report, hears progress and problems."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import InspectData
from engine.runs.folders import cache_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.project import Project, Split

if TYPE_CHECKING:
    from tunevlseg_gui.pages.data.page import DataPage


class DataController:
    def __init__(self, page: DataPage, client: EngineClient, project: Project) -> None:
        self._page = page
        self._client = client
        self._project = project
        self._job = ""
        project.split_wanted.connect(self.inspect)

    @property
    def thumbnails(self) -> Path:
        """A folder in the cache for this dataset; its name tells nothing of where the data lie."""
        known = hashlib.sha256(str(self._project.folder).encode()).hexdigest()[:16]
        return cache_folder() / "thumbnails" / known

    def inspect(self) -> None:
        """Asks the engine to look at every file, with the labels and split as they are edited."""
        folder = self._project.folder
        if folder is None:
            return
        self.cancel()
        split = self._project.split
        job = InspectData(
            str(folder),
            labels=[label.for_recipe() for label in self._project.labels],
            split=split.for_recipe() if split != Split() else {},
            thumbnails=str(self.thumbnails),
        )
        self._page.show_busy("Opening the files…", 0, 0)
        self._job = self._client.submit(job, self._heard)

    def cancel(self) -> None:
        if self._job:
            self._client.cancel(self._job)

    def _heard(self, event: Event) -> None:
        if event.job_id != self._job:
            return  # of a folder that was left for another meanwhile
        match event:
            case Progress(done=done, total=total, unit=unit):
                self._page.show_busy(f"{done:.0f} of {total:.0f} {unit}", done, total)
            case JobFinished(result=result):
                self._over()
                self._project.take_report(result)
                self._page.notice.emit(None)
                self._page.show_project()
            case JobFailed() as failure:
                self._over()
                self._page.notice.emit(of_failure(failure))
            case JobCancelled():
                self._over()

    def _over(self) -> None:
        self._job = ""
        self._page.show_busy("", 0, 0)
