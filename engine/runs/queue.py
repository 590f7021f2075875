"""Runs that wait for the device, one at a time: a list in the folder of runs, and no process that guards it.

Whoever ends a run starts the next one, and so does any window that is open; a lock of the folder makes sure that only
one of them does. What is in the list survives windows, crashes and the machine itself. A run waits as its folder with
a job file in it (`layout.JOB`).
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.contract.errors import EngineError
from engine.contract.whole_file import told, write_text
from engine.runs.detached import own_program, start_detached
from engine.runs.folders import runs_folder
from engine.runs.layout import JOB, LOCK
from engine.runs.lock import alone, holder, process_lives

QUEUE = "queue.json"
STARTING_SECONDS = 120.0
"""How long a process that was started may take until it holds its run's lock."""


@dataclass(frozen=True, slots=True)
class Active:
    """A run that got the device. `since`: seconds since the epoch."""

    run: Path
    pid: int
    since: float

    @property
    def alive(self) -> bool:
        """Its worker holds it, or has just been started and does not hold it yet."""
        known = holder(self.run)
        if known is not None and known.alive:
            return True
        return time.time() - self.since < STARTING_SECONDS and process_lives(self.pid)


@dataclass(frozen=True, slots=True)
class Queue:
    """As it was read: `waiting` in their order; `held`: nothing is started; `active`: who got the device."""

    waiting: tuple[Path, ...] = ()
    held: bool = False
    active: tuple[Active, ...] = field(default=())

    def to_text(self) -> str:
        active = [{"run": str(one.run), "pid": one.pid, "since": one.since} for one in self.active]
        waiting = [str(run) for run in self.waiting]
        return json.dumps({"version": 1, "waiting": waiting, "held": self.held, "active": active}, indent=1)


def read_queue(root: Path | None = None) -> Queue:
    """The queue of the runs below `root` (default: the user's); empty where there is none or it is damaged."""
    try:
        found = json.loads(((root or runs_folder()) / QUEUE).read_text(encoding="utf-8"))
        waiting = dict.fromkeys(Path(str(run)) for run in found["waiting"])
        active = tuple(Active(Path(str(one["run"])), int(one["pid"]), float(one["since"])) for one in found["active"])
        return Queue(tuple(waiting), bool(found["held"]), active)
    except (OSError, ValueError, KeyError, TypeError):
        return Queue()


def enqueue(run: Path, root: Path | None = None) -> None:
    """Puts a run at the end; one that waits already stays where it is. Raises DiskFull or InputError."""
    with _changing(root) as change:
        change(lambda queue: replace(queue, waiting=tuple(dict.fromkeys([*queue.waiting, run.absolute()]))))


def remove(run: Path, root: Path | None = None) -> bool:
    """Takes a run out of the list, its folder stays; False where it does not wait (any more)."""
    there = False

    def without(queue: Queue) -> Queue:
        nonlocal there
        there = run.absolute() in queue.waiting
        return replace(queue, waiting=tuple(one for one in queue.waiting if one != run.absolute()))

    with _changing(root) as change:
        change(without)
    return there


def move(run: Path, by: int, root: Path | None = None) -> None:
    """Moves a waiting run by so many places, backwards where negative, at most to an end."""

    def moved(queue: Queue) -> Queue:
        runs = list(queue.waiting)
        if run.absolute() in runs:
            at = runs.index(run.absolute())
            runs.insert(max(0, min(len(runs) - 1, at + by)), runs.pop(at))
        return replace(queue, waiting=tuple(runs))

    with _changing(root) as change:
        change(moved)


def hold(on: bool, root: Path | None = None) -> None:
    """Holds the queue: what runs goes on, nothing more is started until it is let go."""
    with _changing(root) as change:
        change(lambda queue: replace(queue, held=on))


def busy_with(queue: Queue, root: Path | None = None) -> Path | None:
    """The run that has the device: one that the queue knows, or one that is found by its lock."""
    for one in queue.active:
        if one.alive:
            return one.run
    for lock in sorted((root or runs_folder()).glob(f"*/{LOCK}")):
        known = holder(lock.parent)
        if known is not None and known.alive:
            return lock.parent
    return None


def start_next(
    program: list[str] | None = None, root: Path | None = None
) -> tuple[Path, subprocess.Popen[bytes]] | None:
    """Starts the first waiting run where the device is free; None where nothing was to be started.

    Runs whose folder or job file is gone are dropped, and so is one whose worker cannot be started: WorkerLost then
    tells of it. `program`: the command that starts the engine.
    """
    queue = read_queue(root)
    if queue.held or not queue.waiting:
        return None  # most of the time; looking needs no lock
    with _changing(root) as change:
        queue = change(_tidied)
        if queue.held or not queue.waiting or busy_with(queue, root) is not None:
            return None
        first, *rest = queue.waiting
        # Out of the list before it is started: a run that ends the program that starts it must not do so again.
        change(lambda now: replace(now, waiting=tuple(rest)))
        process = start_detached(program or own_program(), first / JOB)
        change(lambda now: replace(now, active=(*now.active, Active(first, process.pid, time.time()))))
        return first, process


@contextmanager
def device_noted(run: Path, root: Path | None = None) -> Iterator[None]:
    """Tells the queue that this process works on a run, wherever its folder lies; afterwards the next one starts."""
    me = Active(run.absolute(), os.getpid(), time.time())
    # A run given a folder of its own needs no folder for runs: where that cannot be written, nobody waits in it.
    with suppress(EngineError), _changing(root) as change:
        change(lambda queue: replace(queue, active=(*_others(queue, me), me)))
    try:
        yield
    finally:
        with suppress(EngineError):
            with _changing(root) as change:
                change(lambda queue: replace(queue, active=_others(queue, me)))
            start_next(root=root)


def _others(queue: Queue, me: Active) -> tuple[Active, ...]:
    return tuple(one for one in queue.active if one.run != me.run and one.pid != me.pid)


def _tidied(queue: Queue) -> Queue:
    """Without what ended and what can no longer be started."""
    return replace(
        queue,
        waiting=tuple(run for run in queue.waiting if (run / JOB).is_file()),
        active=tuple(one for one in queue.active if one.alive),
    )


@contextmanager
def _changing(root: Path | None) -> Iterator[Any]:
    """While this process alone may touch the list: a callable that applies a function to it and gives the outcome."""
    folder = root or runs_folder()
    path = folder / QUEUE

    def change(function: Any) -> Queue:
        before = read_queue(folder)
        after: Queue = function(before)
        if after != before:
            write_text(path, after.to_text())
        return after

    with told(path):
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            yield change
