"""Imports and fetches base weights for every page: what one page begins, the others show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

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


@dataclass(frozen=True)
class Import:
    """What was given and how far it is, in megabytes; `problem`: it needs a tokenizer that does not lie beside it."""

    path: str = ""
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
    import_changed = Signal(object)  # Import
    notice = Signal(object)

    def __init__(self, client: EngineClient) -> None:
        super().__init__(client)
        self._client = client
        self.downloads: dict[str, Download] = {}
        self.importing = Import()

    @classmethod
    def of(cls, client: EngineClient) -> WeightStore:
        return client.findChild(cls) or cls(client)

    def import_from(self, path: str, tokenizer: str = "") -> None:
        """Copies base weights from a folder, file or zip into the user's model folder; one import at a time."""
        if self.importing.running:
            told = self.tr("Another model is being imported: {name}.").format(name=Path(self.importing.path).name)
            self.notice.emit(Notice(told, self.tr("Import this one afterwards."), "warning"))
            return
        job = self._client.submit(ImportModel(path, tokenizer=tokenizer), self._imported)
        self._put_import(Import(path, job, words=self.tr("Importing {name}…").format(name=Path(path).name)))

    def cancel_import(self) -> None:
        if self.importing.running:
            self._client.cancel(self.importing.job)

    def forget_import(self) -> None:
        """One that lacks a tokenizer is not gone on with."""
        if not self.importing.running:
            self._put_import(Import())

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
        here = self.importing
        match event:
            case Progress(done=done, total=total, eta=eta):
                words = self.tr("Importing {name}: {done} of {total} MB").format(
                    name=Path(here.path).name, done=f"{done:.0f}", total=f"{total:.0f}"
                )
                if eta and eta >= 1:
                    words = self.tr("{words}, {left} left").format(words=words, left=duration(eta))
                self._put_import(replace(here, done=done, total=total, words=words))
            case JobFinished(result=result):
                self._put_import(Import())
                self._tell_installed(str(result.get("id") or ""))
            case JobFailed(message=message, field="tokenizer"):
                self._put_import(Import(here.path, problem=message))
            case JobFailed() as failure:
                self._put_import(Import())
                self.notice.emit(of_failure(failure))
            case JobCancelled():
                self._put_import(Import())

    def _put_import(self, found: Import) -> None:
        self.importing = found
        self.import_changed.emit(found)

    def _tell_installed(self, name: str) -> None:
        told = self.tr("{name} is installed.").format(name=name or self.tr("The model"))
        self.notice.emit(Notice(told, self.tr("It can be chosen in the wizard."), "good"))
        self.installed.emit(name)
