"""Jobs of the Segment page: sent out, and what comes back is given to whoever sent them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, SignalInstance

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Log, Progress, ScanGrows, SliceDone
from engine.contract.jobs import Job
from tunevlseg_gui.translation import from_engine, translate

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class Client(Protocol):
    """What the page needs of EngineClient."""

    @property
    def event(self) -> SignalInstance: ...

    def submit(self, job: Job) -> str: ...

    def cancel(self, job_id: str) -> None: ...


@dataclass(eq=False)
class Errand:
    """What becomes of a job that was sent."""

    finished: Callable[[dict[str, Any]], None]
    failed: Callable[[JobFailed], bool] = lambda _failure: False  # True: seen to, nothing is to be shown
    ended: Callable[[bool], None] = lambda _finished: None  # in any case, and before the others
    slice_done: Callable[[str], None] = lambda _path: None
    grows: Callable[[ScanGrows], None] = lambda _event: None
    asks_model: bool = False
    warnings: list[str] = field(default_factory=list)  # that came until now


class PageJobs(QObject):
    """The user waits for one job at a time, shown by the progress bar; others may go on beside it."""

    def __init__(self, client: Client, page: SegmentPage, changed: Callable[[], None]) -> None:
        """`changed`: the page became busy, or is no longer."""
        super().__init__(page)
        self._client, self._page, self._changed = client, page, changed
        self._errands: dict[str, Errand] = {}
        self._running = ""  # the job that the progress bar and Cancel are for
        client.event.connect(self.on_event)

    @property
    def is_busy(self) -> bool:
        """A job is under way that the user waits for."""
        return bool(self._running)

    def start(self, job: Job, errand: Errand) -> None:
        """A job that the user waits for."""
        self._running = self.send(job, errand)
        self._page.side.show_running(True, segmenting=errand.asks_model)
        self._changed()

    def send(self, job: Job, errand: Errand) -> str:
        job_id = self._client.submit(job)
        self._errands[job_id] = errand
        return job_id

    def cancel(self) -> bool:
        """What the user waits for; whether there was anything."""
        if self._running:
            self._client.cancel(self._running)
        return self.is_busy

    def on_event(self, event: Event) -> None:
        errand = self._errands.get(event.job_id)
        if errand is None:
            return
        match event:
            case Progress(done=done, total=total) if event.job_id == self._running:
                self._page.side.show_progress(done, total)
                self._page.show_status(progress_in_words(event))
            case SliceDone(path=path) if event.job_id == self._running:
                errand.slice_done(path)
            case ScanGrows() if event.job_id == self._running:
                errand.grows(event)
            case Log(level="warning" | "error", message=message):
                errand.warnings.append(message)
            case Log(message=message) if event.job_id == self._running:
                self._page.show_status(message)
            case JobFinished(result=result):
                self._over(event.job_id, errand, finished=True)
                errand.finished(result)
            case JobFailed() as failure:
                self._over(event.job_id, errand)
                if not errand.failed(failure):
                    self._page.show_problem(failure)
                    self._page.show_status("")
            case JobCancelled():
                self._over(event.job_id, errand)
                if not self._running:
                    self._page.show_status(self.tr("Cancelled. What was shown is as it was."))

    def _over(self, job_id: str, errand: Errand, *, finished: bool = False) -> None:
        del self._errands[job_id]
        errand.ended(finished)
        if job_id == self._running:
            self._running = ""
            self._page.side.show_running(False)
            self._changed()


def progress_in_words(event: Progress) -> str:
    """Such as "Segmenting: 12 of 90 slices, 4 s left"."""
    words = translate("PageJobs", "{stage}: {done} of {total} {unit}").format(
        stage=from_engine(event.stage) or translate("PageJobs", "Working"),
        done=f"{event.done:g}",
        total=f"{event.total:g}",
        unit=from_engine(event.unit),
    )
    return (
        words
        if event.eta is None
        else translate("PageJobs", "{words}, {eta} s left").format(words=words, eta=f"{event.eta:.0f}")
    )
