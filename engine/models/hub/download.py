"""One file over the network: resumed where it ended, checked by its hash, left at once when the job is cancelled."""

from __future__ import annotations

import hashlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from engine.contract.aside import wait_aside
from engine.contract.control import CancelToken
from engine.contract.errors import DiskFull, ResourceError
from engine.contract.whole_file import told
from engine.models.hub.connection import DROPPED, SECONDS, in_words
from engine.models.hub.listing import HubFile
from engine.models.known import PART

BLOCK = 1 << 18
ATTEMPTS = 5
"""In a row, of which none brought a byte."""
PAUSE_SECONDS = 0.5
"""Before the second attempt; twice as long before each further one."""
TELL_EVERY = 0.1

Tell = Callable[[int], None]
"""Hears how many bytes of the file are here."""


def fetch_file(
    file: HubFile,
    folder: Path,
    opener: urllib.request.OpenerDirector,
    cancel: CancelToken,
    tell: Tell,
    *,
    pause: float = PAUSE_SECONDS,
) -> Path:
    """`folder`/NAME, whole and with the right hash; until then NAME.part, which a later call goes on with.

    Raises Cancelled within a moment, ResourceError for a network that gives up and for a wrong hash (what was fetched
    is then thrown away), DiskFull.
    """
    there, part = folder / file.name, folder / (file.name + PART)
    if there.is_file() and there.stat().st_size == file.size:
        tell(file.size)
        return there
    with told(part):
        part.touch()
        if part.stat().st_size > file.size:
            part.write_bytes(b"")
    failed = 0
    while (here := part.stat().st_size) < file.size:
        try:
            wait_aside(
                lambda left: _read_on(file, part, opener, left),
                cancel,
                lambda: tell(part.stat().st_size),
                every=TELL_EVERY,
                name="fetch",
            )
        except DROPPED as error:
            failed = 1 if part.stat().st_size > here else failed + 1
            if isinstance(error, urllib.error.HTTPError) and error.code == 416:
                part.write_bytes(b"")  # what is here is no beginning of what the server has
            if failed >= ATTEMPTS or _for_good(error):
                raise in_words(error, file.url) from error
            _wait(pause * 2 ** (failed - 1), cancel)
    tell(file.size)
    if not _right(file, part, cancel):
        with told(part):
            part.unlink()
        tell(0)
        raise ResourceError(
            f"{file.name} arrived with another content than the hub names; it was thrown away.",
            hint="Try again. If it happens again, a proxy or a mirror on the way changes files.",
        )
    with told(there):
        part.replace(there)
    return there


def _read_on(file: HubFile, part: Path, opener: urllib.request.OpenerDirector, left: threading.Event) -> None:
    """Appends what is missing, as far as the connection goes."""
    here = part.stat().st_size
    asked = urllib.request.Request(file.url, headers={"Range": f"bytes={here}-"} if here else {})
    with opener.open(asked, timeout=SECONDS) as answer, told(part), part.open("r+b") as out:
        # A server that does not know ranges sends the whole file again.
        begins = here if answer.status == 206 and _begins_at(answer, here) else 0
        out.truncate(begins)
        out.seek(begins)
        while not left.is_set() and (block := answer.read1(BLOCK)):
            if left.is_set():
                return
            out.write(block[: file.size - out.tell()])
            out.flush()
            if out.tell() >= file.size:
                return
    if not left.is_set() and part.stat().st_size < file.size:
        raise ConnectionResetError("the connection ended early")


def _begins_at(answer: object, here: int) -> bool:
    said = getattr(answer, "headers", {}).get("Content-Range", "")
    return str(said).startswith(f"bytes {here}-")


def _for_good(error: BaseException) -> bool:
    """The server or the proxy said no: asking again changes nothing."""
    return isinstance(error, urllib.error.HTTPError) and error.code not in (408, 416, 429, 500, 502, 503, 504)


def _wait(seconds: float, cancel: CancelToken) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        cancel.check()
        time.sleep(min(0.05, seconds))


def _right(file: HubFile, path: Path, cancel: CancelToken) -> bool:
    """Whether size and hash are those that the hub names."""
    if path.stat().st_size != file.size:
        return False
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            cancel.check()
            digest.update(block)
    return digest.hexdigest() == (file.sha256 or file.git_sha1)


def check_room(folder: Path, missing: int, free: int) -> None:
    """Raises DiskFull before the first byte where `missing` bytes do not fit among the `free` ones."""
    if missing > free:
        raise DiskFull(
            f"{missing / 1e6:.0f} MB are to be fetched; {free / 1e6:.0f} MB are free at {folder}.",
            hint="Free some space, or move the program's folder (TUNEVLSEG_HOME).",
        )
