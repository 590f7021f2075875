"""One worker per run: a lock file with the worker's process id and a heartbeat.

Looking at the lock and taking it is one step: only one process at a time does it, by an advisory lock of the system
that dies with its process, and the file is created exclusively, for file systems that know no such locks.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from engine.contract.errors import RunBusy
from engine.contract.whole_file import told, write_text
from engine.runs.layout import LOCK

BEAT_SECONDS = 2.0
STALE_SECONDS = 15.0

_held: set[Path] = set()
"""Runs that this very process holds: its own id in a lock that it does not hold was another process's before it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a run. `heartbeat` and `started` are seconds since the epoch."""

    pid: int
    heartbeat: float
    started: float

    @property
    def alive(self) -> bool:
        """Fresh heartbeat and a living process; a dead one is known at once, a frozen or foreign one by its beat."""
        return process_lives(self.pid) and time.time() - self.heartbeat < STALE_SECONDS


def process_lives(pid: int) -> bool:
    """Whether a process with this id runs on this machine (also one that may not be signalled)."""
    if pid <= 0:
        return False
    if os.name == "nt":
        import ctypes

        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
        handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259  # STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """A killed child that its parent has not collected yet still has an id but does nothing."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["Z"]


def holder(run: Path) -> Holder | None:
    """Who holds the run according to its lock file, alive or not; None without a readable lock."""
    try:
        found = json.loads((run / LOCK).read_text(encoding="utf-8"))
        return Holder(int(found["pid"]), float(found["heartbeat"]), float(found["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class RunLock:
    """Context manager: holds the run and beats in a thread. Raises RunBusy when a living worker holds it."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._started = time.time()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="run-heartbeat", daemon=True)

    def __enter__(self) -> RunLock:
        with told(self._run / LOCK), alone(self._run):
            self._refuse_if_held()
            # What is left is a dead worker's.
            (self._run / LOCK).unlink(missing_ok=True)
            self._create()
        _held.add(self._run.resolve())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        _held.discard(self._run.resolve())
        if self._is_mine():
            (self._run / LOCK).unlink(missing_ok=True)

    def _refuse_if_held(self) -> None:
        known = holder(self._run)
        if self._run.resolve() in _held:
            raise self._busy(os.getpid())
        if known is not None and known.pid != os.getpid() and known.alive:
            raise self._busy(known.pid)
        if known is None and _age(self._run / LOCK) < STALE_SECONDS:
            # Somebody has just created it and writes who they are.
            raise self._busy(None)

    def _busy(self, pid: int | None) -> RunBusy:
        return RunBusy(
            f"{self._run.name} is being worked on by {f'process {pid}' if pid else 'another process'}.",
            hint="Wait for it, or stop it on the Runs page.",
        )

    def _create(self) -> None:
        try:
            handle = os.open(self._run / LOCK, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            raise self._busy(None) from None
        with os.fdopen(handle, "w", encoding="utf-8") as lock:
            lock.write(self._words())

    def _words(self) -> str:
        return json.dumps({"pid": os.getpid(), "heartbeat": time.time(), "started": self._started})

    def _is_mine(self) -> bool:
        known = holder(self._run)
        return known is None or (known.pid, known.started) == (os.getpid(), self._started)

    def _beat(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            if not self._is_mine():
                return  # this process slept so long that another one took the run over
            try:
                write_text(self._run / LOCK, self._words())
            except Exception:  # noqa: BLE001 - a full disk must not end the run; the next beat tries again
                continue


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time in a folder that exists; where the file system knows no locks, everybody passes."""
    if os.name == "nt":
        import msvcrt

        place = os.open(folder / f"{LOCK}.taking", os.O_CREAT | os.O_RDWR)
        with suppress(OSError):
            msvcrt.locking(place, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        place = os.open(folder, os.O_RDONLY)  # the folder itself: no further file
        with suppress(OSError):
            fcntl.flock(place, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(place)  # and with it the lock


def _age(path: Path) -> float:
    """Seconds since the file was written; without end where there is none."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
