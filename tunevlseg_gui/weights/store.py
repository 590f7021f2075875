"""Imports and fetches base weights for every page: what one page begins, the others show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from engine.contract.durations import duration
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import FetchModel, ImportModel
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.weights.network import network


@dataclass(frozen=True)
class Download:
    """`words` for a person while it goes on; `problem` where it ended early. Megabytes of `total` are `done`."""

    job: str = ""
    done: float = 0.0
    total: float = 0.0
    words: str = ""
    problem: str = ""

    @property
    def running(self) -> bool:
        return bool(self.job)


class WeightStore(QObject):
    """`of(client)` is the one of this client."""

    installed = Signal(str)  # id of weights that are new here
    download_changed = Signal(str)  # id on the hub
    importing = Signal(bool)
    notice = Signal(object)

    def __init__(self, client: EngineClient) -> None:
        super().__init__(client)
        self._client = client
        self.downloads: dict[str, Download] = {}

    @classmethod
    def of(cls, client: EngineClient) -> WeightStore:
        return client.findChild(cls) or cls(client)

    def import_from(self, path: str, tokenizer: str = "") -> None:
        """Copies base weights from a folder or file into the user's model folder."""
        self.importing.emit(True)
        self._client.submit(ImportModel(path, tokenizer=tokenizer), self._imported)

    def fetch(self, model: str) -> None:
        """Over the network; called after a click alone."""
        if self.download(model).running:
            return
        how = network().settings
        job = FetchModel(model, how.proxy, how.ca_file, how.mirror)
        found = self._client.submit(job, lambda event: self._fetching(model, event))
        self._put(model, Download(found, words=self.tr("Asking the hub…")))

    def cancel(self, model: str) -> None:
        if self.download(model).running:
            self._client.cancel(self.download(model).job)

    def discard(self, model: str) -> None:
        """What was fetched of it is thrown away."""
        self._client.submit(FetchModel(model, discard=True), lambda event: self._discarded(model, event))

    def download(self, model: str) -> Download:
        return self.downloads.get(model, Download())

    def _put(self, model: str, found: Download) -> None:
        self.downloads[model] = found
        self.download_changed.emit(model)

    def _fetching(self, model: str, event: Event) -> None:
        here = self.download(model)
        match event:
            case Progress(done=done, total=total, eta=eta):
                words = self.tr("{done} of {total} MB").format(done=f"{done:.0f}", total=f"{total:.0f}")
                if eta and eta >= 1:
                    words = self.tr("{words}, {left} left").format(words=words, left=duration(eta))
                self._put(model, replace(here, done=done, total=total, words=words))
            case JobFinished(result=result):
                self._put(model, Download())
                self._tell_installed(str(result.get("id") or model))
            case JobFailed(message=message, hint=hint):
                self._put(model, Download(done=here.done, total=here.total, problem=f"{message} {hint}".strip()))
            case JobCancelled():
                self._put(model, Download(done=here.done, total=here.total))

    def _discarded(self, model: str, event: Event) -> None:
        match event:
            case JobFinished():
                self._put(model, Download())
            case JobFailed() as failure:
                self.notice.emit(of_failure(failure))

    def _imported(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                self.importing.emit(False)
                self._tell_installed(str(result.get("id") or ""))
            case JobFailed() as failure:
                self.importing.emit(False)
                self.notice.emit(of_failure(failure))
            case JobCancelled():
                self.importing.emit(False)

    def _tell_installed(self, name: str) -> None:
        told = self.tr("{name} is installed.").format(name=name or self.tr("The model"))
        self.notice.emit(Notice(told, self.tr("It can be chosen in the wizard."), "good"))
        self.installed.emit(name)
