"""Readers run in a child process: a crash inside a native library ends the child, not the program.

One child serves a process; it is started on the first read, again after a crash or a standstill, and ends with its
parent (it sees its standard input close). Requests and answers are JSON lines; voxels travel as a temporary .npy file.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import engine
from engine.contract import errors
from engine.contract.errors import EngineError, ScanUnreadable
from engine.contract.whole_file import told
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.early import Grown
from engine.volumes.geometry import Geometry
from engine.volumes.volume import Volume

PATIENCE_S: Final = 120.0
_PYTHON_MODULE: Final = "engine.volumes.reader_child"


_ONE_HEADER_AT_A_TIME = threading.Lock()
"""numpy reads a header by Python's parser, which on 3.11 fails now and then in several threads (CPython gh-106905)."""


@dataclass(frozen=True)
class ShownWhileRead:
    """For a viewer: the scan's voxels are then mapped from `voxels`, a .npy that stays, instead of read.

    Meanwhile `early`, a .npy for the caller to remove afterwards, may grow, and `grown` is called on the thread that
    reads; what it raises ends the reading.
    """

    voxels: Path
    early: Path
    grown: Callable[[Grown], None]


class GuardedReader:
    """Thread-safe: one file at a time. `pid` is None while no child runs."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.patience_s = patience_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._owner = os.getpid()

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> None:
        """Starts the child before the first file is asked for."""
        with self._lock:
            self._running()

    def read(
        self,
        path: Path,
        *,
        as_mask: bool,
        series: str = "",
        timeout_s: float | None = None,
        shown: ShownWhileRead | None = None,
    ) -> Volume:
        """What `read_scan_here` or `read_mask_here` gives for the file; raises what it raises, or ScanUnreadable."""
        with self._lock:
            answer = self._request("mask" if as_mask else "scan", path, series, timeout_s, shown)
            return _volume(answer, path, mapped=shown is not None)

    def list_series(self, path: Path, *, timeout_s: float | None = None) -> list[SeriesEntry]:
        """What `list_series_here` gives; raises what it raises, or ScanUnreadable."""
        with self._lock:
            answer = self._request("list", path, "", timeout_s)
        return [SeriesEntry.from_dict(entry) for entry in answer["series"]]

    def _request(
        self, task: str, path: Path, series: str, timeout_s: float | None, shown: ShownWhileRead | None = None
    ) -> dict[str, Any]:
        request = {"task": task, "path": str(path.resolve()), "shown": str(path), "series": series}
        if shown is not None:
            request |= {"voxels": str(shown.voxels.resolve()), "early": str(shown.early.resolve())}
        try:
            answer = self._ask(request, path, self.patience_s if timeout_s is None else timeout_s, shown)
        except BaseException:
            # Also for Ctrl+C: an answer that nobody awaits would be taken for that of the next file.
            self._stop()
            raise
        _raise_problem(answer)
        return answer

    def close(self) -> None:
        """Ends the child and removes its folder; a later read starts a new one."""
        with self._lock:
            self._stop()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _ask(
        self, request: dict[str, Any], path: Path, patience_s: float, shown: ShownWhileRead | None
    ) -> dict[str, Any]:
        child = self._running()
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
        except OSError:
            # It ended since the last file (killed from outside): that is not this file's fault.
            self._stop()
            child = self._running()
            assert child.stdin is not None
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
        try:
            line = self._answers.get(timeout=patience_s)
            while shown is not None and line is not None and "grown" in (news := json.loads(line)):
                shown.grown(_grown(news["grown"], shown.early))
                line = self._answers.get(timeout=patience_s)
        except queue.Empty:
            raise ScanUnreadable(
                f"{path} was not read within {patience_s:g} seconds.",
                hint="Is it on a slow or absent drive? Copy it to this machine and try again.",
            ) from None
        if line is None:
            code = child.wait()
            raise ScanUnreadable(
                f"The reader stopped while it read {path} ({_ending(code)}).",
                hint="The file is probably damaged: export it again, or convert it to .nii.gz or .png elsewhere.",
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._owner != os.getpid():
            # After a fork the child belongs to the parent process.
            self._child, self._folder, self._owner = None, None, os.getpid()
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._stop()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tunevlseg-reading-", ignore_cleanup_errors=True)
        environment = dict(os.environ)
        package_root = str(Path(engine.__file__).resolve().parents[1])
        environment["PYTHONPATH"] = os.pathsep.join([package_root, *filter(None, [environment.get("PYTHONPATH")])])
        environment["PYTHONUTF8"] = "1"
        self._answers = queue.Queue()
        self._child = subprocess.Popen(
            [*child_command(), self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # native libraries print file names there
            text=True,
            encoding="utf-8",
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        threading.Thread(target=_pump, args=(self._child, self._answers), name="reader-answers", daemon=True).start()
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()
        if child.poll() is None:
            child.kill()
        child.wait()


def child_command() -> list[str]:
    """How the child is started; a packaged program starts itself with the module's name as its first argument."""
    if getattr(sys, "frozen", False):
        return [sys.executable, _PYTHON_MODULE]
    return [sys.executable, "-m", _PYTHON_MODULE]


def _pump(child: subprocess.Popen[str], answers: queue.Queue[str | None]) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            answers.put(line)
    answers.put(None)


def _ending(code: int) -> str:
    if code < 0:
        return f"signal {-code}"
    return f"exit code {code}"


def _raise_problem(answer: dict[str, Any]) -> None:
    if "bug" in answer:
        raise RuntimeError(f"reading failed unexpectedly\n{answer['bug']}")
    if "error" in answer:
        kind = getattr(errors, answer["error"], ScanUnreadable)
        problem: EngineError = kind(answer["message"], hint=answer["hint"], field=answer.get("field"))
        raise problem


def _grown(news: dict[str, Any], file: Path) -> Grown:
    return Grown(
        file,
        news["first"],
        news["last"],
        news["slices"],
        Geometry.from_dict(news["geometry"]) if news["geometry"] else None,
        (news["window"][0], news["window"][1]) if news["window"] else None,
    )


def _volume(answer: dict[str, Any], path: Path, *, mapped: bool) -> Volume:
    file = Path(answer["voxels"])
    with told(file):
        try:
            with _ONE_HEADER_AT_A_TIME:
                voxels = np.load(file, mmap_mode="r" if mapped else None, allow_pickle=False)
        finally:
            if not mapped:
                file.unlink(missing_ok=True)
    return Volume(
        voxels,
        Geometry.from_dict(answer["geometry"]) if answer["geometry"] else None,
        path,
        answer["format"],
        tuple(answer["notes"]),
        base64.b64decode(answer["header"]),
        answer["stored_dimensions"],
        answer["lossy"],
        (answer["window"][0], answer["window"][1]) if answer["window"] else None,
        answer["title"],
    )


READER: Final = GuardedReader()
atexit.register(READER.close)
_OWN = threading.local()


def reader() -> GuardedReader:
    """The one that serves this thread: the process's, unless the thread has its own."""
    found: GuardedReader = getattr(_OWN, "reader", READER)
    return found


@contextlib.contextmanager
def served_by(own: GuardedReader) -> Iterator[None]:
    """Files that this thread opens meanwhile are read by `own`: several threads then read at a time."""
    _OWN.reader = own
    try:
        yield
    finally:
        del _OWN.reader
