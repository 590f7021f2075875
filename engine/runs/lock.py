"""One worker per run: a lock file with the worker's process id and a heartbeat."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from engine.contract.errors import RunBusy
from engine.contract.whole_file import write_text
from engine.runs.layout import LOCK

BEAT_SECONDS = 2.0
STALE_SECONDS = 15.0


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
        known = holder(self._run)
        if known is not None and known.pid != os.getpid() and known.alive:
            raise RunBusy(
                f"{self._run.name} is being worked on by process {known.pid}.",
                hint="Wait for it, or stop it on the Runs page.",
            )
        self._write()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        (self._run / LOCK).unlink(missing_ok=True)

    def _write(self) -> None:
        beat = {"pid": os.getpid(), "heartbeat": time.time(), "started": self._started}
        write_text(self._run / LOCK, json.dumps(beat))

    def _beat(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            try:
                self._write()
            except Exception:  # noqa: BLE001 - a full disk must not end the run; the next beat tries again
                continue
