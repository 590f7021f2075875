"""The worker process: jobs come in as lines, events go out as lines; heavy libraries stay out of the window.

`serve` answers jobs from standard input one after the other until the input ends; `work` does one job from a file,
detached from whoever asked. Real standard output carries events only: what libraries print goes to standard error.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from engine.contract import wire
from engine.contract.commands import Command
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, InputError, RecipeError
from engine.contract.events import Event
from engine.contract.jobs import Job, Segment, SegmentPart
from engine.jobs.perform import DONE, MENDABLE, failure, perform
from engine.runs.commands import obey
from engine.runs.folders import logs_folder

NICE_SERVING, NICE_RUN = 5, 12
"""Workers give way to the window, and a run to a question that somebody waits for."""


def lower_priority(nice: int) -> None:
    """Lets the window go first; a system that refuses changes nothing."""
    try:
        if os.name == "nt":
            import ctypes

            kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
            kernel.SetPriorityClass(kernel.GetCurrentProcess(), 0x4000)  # BELOW_NORMAL_PRIORITY_CLASS
        else:
            os.nice(nice)
            if hasattr(os, "SCHED_BATCH"):  # never takes the processor from one that just woke up
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except OSError:
        return


def take_stdout() -> TextIO:
    """The real standard output, kept for events; from now on `print` and C libraries write to standard error."""
    sys.stdout.flush()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return events


def emitter(stream: TextIO) -> Emit:
    """Writes each event as one line; a reader that went away ends the writing, not the job."""
    lock = threading.Lock()

    def emit(event: Event) -> None:
        try:
            with lock:
                stream.write(wire.event_to_line(event) + "\n")
                stream.flush()
        except (BrokenPipeError, ValueError, OSError):
            return

    return emit


class Service:
    """One job at a time from a queue; commands reach the job that runs or waits."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._queue: queue.Queue[tuple[Job, str, CancelToken] | None] = queue.Queue()
        self._tokens: dict[str, CancelToken] = {}
        self._segment_cache: Any = None

    def read(self, lines: TextIO) -> None:
        """Reads until the input ends; then everything that runs or waits is cancelled."""
        for line in lines:
            if not line.strip():
                continue
            try:
                self._take(line)
            except EngineError as error:
                self._emit(failure("", error))
        for token in list(self._tokens.values()):
            token.cancel()
        self._queue.put(None)

    def _take(self, line: str) -> None:
        if '"command"' in line and '"job"' not in line.replace('"job_id"', ""):
            self._obey(wire.command_from_line(line))
            return
        job, job_id = wire.job_from_line(line)
        if job_id in self._tokens:
            raise RecipeError(f"A job called {job_id!r} is there already.", hint="Give each job an id of its own.")
        token = CancelToken()
        self._tokens[job_id] = token
        self._queue.put((job, job_id, token))

    def _obey(self, command: Command) -> None:
        meant = [self._tokens[command.job_id]] if command.job_id in self._tokens else []
        for token in meant if command.job_id else list(self._tokens.values()):
            obey(command, token)

    def run(self) -> None:
        """Works until the input has ended."""
        while (item := self._queue.get()) is not None:
            job, job_id, token = item
            perform(job, job_id, self._emit, token, **self._shared(job))
            del self._tokens[job_id]

    def _shared(self, job: Job) -> dict[str, Any]:
        if not isinstance(job, Segment | SegmentPart):
            return {}
        if self._segment_cache is None:
            from engine.jobs.segment import SegmentCache

            self._segment_cache = SegmentCache()
        return {"cache": self._segment_cache}


def serve() -> int:
    """Answers jobs from standard input."""
    events = take_stdout()
    _record_crashes()
    lower_priority(NICE_SERVING)
    service = Service(emitter(events))
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()
    threading.Thread(target=service.read, args=(sys.stdin,), name="read-jobs", daemon=True).start()
    service.run()
    return DONE


def _warm() -> None:
    """What the first scan needs takes half a second to start and import: done before it is asked for."""
    from engine.volumes.guarded_reader import READER

    with contextlib.suppress(OSError):  # no further process can be started: told where a file is read
        READER.start()
    importlib.import_module("engine.jobs.open_scan")


def work(path: Path) -> int:
    """Does the one job in a file; its events go to standard output and, for a run, to the run folder."""
    events = take_stdout()
    _record_crashes()
    lower_priority(NICE_RUN)
    try:
        job, job_id = wire.job_from_line(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        emitter(events)(failure("", InputError(f"{path} cannot be read: {error}.")))
        return MENDABLE
    except RecipeError as error:
        emitter(events)(failure("", error))
        return MENDABLE
    return perform(job, job_id, emitter(events), CancelToken())


def _record_crashes() -> None:
    """A native crash leaves its stack in the log folder."""
    try:
        logs_folder().mkdir(parents=True, exist_ok=True)
        faulthandler.enable((logs_folder() / "worker-crash.txt").open("a"))
    except OSError:
        faulthandler.enable()


def leave(code: int) -> None:
    """Ends at once: tearing down torch takes seconds, and everything is written by now."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
