"""Gets known base weights over the network: licence first, resumed, checked, installed whole or not at all."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, ResourceError, RunBusy, WeightsMissing
from engine.contract.events import Log, Progress
from engine.contract.jobs import FetchModel
from engine.contract.whole_file import told, write_text
from engine.models.hub.connection import Access
from engine.models.hub.download import PAUSE_SECONDS, check_room, fetch_file
from engine.models.hub.listing import HubFile, Listing, ask_listing
from engine.models.known import PART, KnownModel, known_model
from engine.models.weights import find_weights
from engine.runs.folders import models_folder
from engine.runs.lock import RunLock

WANTED = "wanted.json"
"""What the files that lie beside it are of: name → hash."""


def run(
    job: FetchModel, emit: Emit, cancel: CancelToken, job_id: str, *, pause: float = PAUSE_SECONDS, **_shared: Any
) -> dict[str, Any]:
    """`{"id", "path", "model", "sha256", "licence"}`; with `discard` an empty `model`.

    Raises UnknownName, InputError for a model that has no download or is installed, ResourceError for the network, a
    wrong hash, or another download of the same model, DiskFull, Cancelled. What was fetched is then kept for the next
    try; a folder among the installed models appears at the end, whole.
    """
    known = known_model(job.model)
    if job.discard:
        with told(known.begun):
            shutil.rmtree(known.begun, ignore_errors=True)
        return {"id": known.folder_name, "path": "", "model": "", "sha256": "", "licence": known.licence}
    _refuse(known)
    emit(Log(job_id, f"{known.id}: licence {known.licence}. {known.licence_note}".rstrip()))
    access = Access(job.mirror, job.proxy, job.ca_file)
    opener = access.opener()
    with told(known.begun):
        known.begun.mkdir(parents=True, exist_ok=True)
    with _alone(known):
        listing = ask_listing(known.id, access, opener, cancel)
        if listing.licence and listing.licence != known.licence:
            emit(Log(job_id, f"The hub now states another licence: {listing.licence}.", "warning"))
        _keep_only_of(listing, known.begun)
        here = known.bytes_here()
        check_room(models_folder(), listing.size - here, shutil.disk_usage(known.begun).free)
        progress = _Bytes(emit, job_id, listing.size, here)
        for file in listing.files:
            fetch_file(file, known.begun, opener, cancel, progress.of(file), pause=pause)
        (known.begun / WANTED).unlink()
    _install(known)
    found = find_weights(known.folder_name)
    return {
        "id": found.id,
        "path": str(found.path),
        "model": found.model,
        "sha256": found.sha256,
        "licence": listing.licence or known.licence,
    }


def _refuse(known: KnownModel) -> None:
    if not known.fetch:
        raise InputError(
            f"{known.title} cannot be fetched: {known.summary}",
            hint=f"See {known.page}; then import the file: `tunevlseg models import FILE --tokenizer FOLDER`.",
            field="model",
        )
    if known.installed.is_dir():
        raise InputError(f"{known.id} is installed already.", hint=f"It is called {known.folder_name}.", field="model")


@contextmanager
def _alone(known: KnownModel) -> Iterator[None]:
    """Two downloads would write into the same files. Raises RunBusy."""
    lock = RunLock(known.begun)
    try:
        lock.__enter__()
    except RunBusy as error:
        raise RunBusy(f"{known.id} is being downloaded already.", hint="Wait for it, or cancel it there.") from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _keep_only_of(listing: Listing, folder: Path) -> None:
    """What an earlier call fetched of other files than these goes: it is the beginning of something else."""
    wanted = {file.name: file.sha256 or file.git_sha1 for file in listing.files}
    before: dict[str, str] = {}
    with suppress(OSError, ValueError):
        before = dict(json.loads((folder / WANTED).read_text(encoding="utf-8")))
    with told(folder):
        for path in folder.iterdir():
            name = path.name.removesuffix(PART)
            if path.is_file() and name in before and before[name] != wanted.get(name):
                path.unlink()
        if not before:
            for file in listing.files:
                (folder / file.name).unlink(missing_ok=True)
                (folder / (file.name + PART)).unlink(missing_ok=True)
    write_text(folder / WANTED, json.dumps(wanted))


def _install(known: KnownModel) -> None:
    """Checks that this is a model that can be loaded, then gives the folder its name."""
    try:
        find_weights(str(known.begun))
    except WeightsMissing as error:
        shutil.rmtree(known.begun, ignore_errors=True)
        raise ResourceError(f"What the hub has as {known.id} is no such model: {error.message}") from error
    with told(known.installed):
        known.begun.rename(known.installed)


class _Bytes:
    """Progress over all files, in megabytes, with the time that is left at the speed of this call."""

    def __init__(self, emit: Emit, job_id: str, total: int, before: int) -> None:
        self._emit, self._job_id, self._total = emit, job_id, total
        self._before = before
        self._began = time.monotonic()
        self._told = 0.0
        self._here: dict[str, int] = {}

    def of(self, file: HubFile) -> Any:
        def tell(count: int) -> None:
            self._here[file.name] = count
            self._tell(count in (0, file.size))

        return tell

    def _tell(self, whole: bool) -> None:
        now, done = time.monotonic(), sum(self._here.values())
        if now - self._told < 0.1 and not whole:
            return
        self._told = now
        gained = done - self._before
        left = (now - self._began) / gained * (self._total - done) if gained > 0 else None
        self._emit(Progress(self._job_id, round(done / 1e6, 2), round(self._total / 1e6, 2), "MB", left, "Downloading"))
