"""Further workers of a study on this machine: a process for each CUDA device, or as many as were asked for.

They are the engine's own `serve`, told their job through a pipe: an address with a password stands in no list of
processes, and workers whose parent was killed hear the pipe end and give their trials back.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from engine.contract import wire
from engine.contract.control import Emit
from engine.contract.errors import EngineError
from engine.contract.events import Event, JobCancelled, JobFailed, Log, Progress, TrialEnded, TrialStarted
from engine.contract.jobs import Search
from engine.runs.cores import share_of_cores
from engine.runs.detached import engine_environment, own_program

LEAVE_S: Final = 20.0
"""How long a worker may take to give its trial back."""


@dataclass(frozen=True)
class Place:
    """Where a further worker computes: what a person reads, and what its environment says."""

    name: str
    environment: Mapping[str, str]


def further_places(workers: int, devices: Sequence[str]) -> list[Place]:
    """Places of all workers but this process, which takes the first device.

    `workers` in all, 0: one for each device, at least one; `devices` as CUDA_VISIBLE_DEVICES names them, none: the
    processor, whose cores the workers share.
    """
    count = workers or max(1, len(devices))
    places = []
    for number in range(1, count):
        if devices:
            device = devices[number % len(devices)]
            places.append(Place(f"worker {number + 1} on GPU {device}", {"CUDA_VISIBLE_DEVICES": device}))
        else:
            places.append(Place(f"worker {number + 1}", share_of_cores(count)))
    return places


Start = Callable[[Place], "subprocess.Popen[bytes]"]


def start(place: Place) -> subprocess.Popen[bytes]:
    """A process of the engine that waits for jobs."""
    return subprocess.Popen(
        [*own_program(), "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**engine_environment(), **place.environment},
        start_new_session=os.name != "nt",  # Ctrl+C reaches this process, which then lets them end
    )


@dataclass
class LocalWorkers:
    """Context manager: workers for `job` at `places`; what they say of trials is emitted here, too.

    One that ends before its time is told, and its trial done again by whoever is left; leaving ends them all, and a
    trial that ran is given back.
    """

    job: Search
    places: Sequence[Place]
    emit: Emit
    job_id: str
    start: Start = start
    own: Mapping[str, str] = field(default_factory=dict)
    """Environment of this process meanwhile: its part of the cores."""
    _before: dict[str, str | None] = field(default_factory=dict)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _leaving: bool = False

    def __enter__(self) -> LocalWorkers:
        self._before = {name: os.environ.get(name) for name in self.own}
        os.environ.update(self.own)
        for place in self.places:
            try:
                process = self.start(place)
            except OSError as error:
                self._warn(f"{place.name.capitalize()} could not be started: {error}.")
                continue
            self._processes.append(process)
            thread = threading.Thread(target=self._hear, args=(place, process), name=place.name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._leaving = True
        for process in self._processes:
            with suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()
        for process in self._processes:
            try:
                process.wait(LEAVE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for thread in self._threads:
            thread.join(LEAVE_S)
        for name, value in self._before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value

    def _hear(self, place: Place, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError, ValueError):  # it is gone already: told below
            process.stdin.write((wire.job_to_line(self.job, self.job_id) + "\n").encode())
            process.stdin.flush()
        for line in process.stdout:
            with suppress(EngineError, UnicodeDecodeError):
                self._pass_on(place, wire.event_from_line(line.decode()))
        code = process.wait()
        if code and not self._leaving:
            self._warn(f"{place.name.capitalize()} was lost (exit code {code}); the others go on.")

    def _pass_on(self, place: Place, event: Event) -> None:
        match event:
            case TrialStarted() | TrialEnded() | Progress():
                self.emit(event)
            case Log() if event.level != "info":
                self.emit(replace(event, message=f"{place.name.capitalize()}: {event.message}"))
            case JobFailed() if not self._leaving:
                self._warn(f"{place.name.capitalize()} ended: {event.message} {event.hint}".rstrip())
            case JobCancelled() if not self._leaving:
                self._warn(f"{place.name.capitalize()} was cancelled; the others go on.")

    def _warn(self, text: str) -> None:
        self.emit(Log(self.job_id, text, "warning"))
