"""Ray, known to this file alone: how a cluster is joined or started, and how its tasks use the engine.

A task is a process of the engine beside Ray's own worker, told its job through a pipe: torch and ONNX Runtime never lie
in Ray's workers, and a task that is gone takes its process along.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Final

from engine.contract import wire
from engine.contract.errors import ResourceError
from engine.contract.events import Event
from engine.runs.detached import engine_environment

LOCAL: Final = "local"
ROUND_S: Final = 0.1
GRACE_S: Final = 0.5
_ENDINGS: Final = (b'"job_failed"', b'"job_finished"', b'"job_cancelled"')


def ray_connected(address: str, without: str = "Or leave --cluster out.") -> Any:
    """The module `ray`, connected: `local` starts it on this machine alone, else the address of a running cluster.

    Ray's statistics of use, which it would send to its makers, and its dashboard stay off. Raises ResourceError where
    the extra is not installed (`without` says what does without it) or the cluster does not answer.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # tasks without a GPU keep what they see
    try:
        import ray
    except ModuleNotFoundError:
        raise ResourceError(
            "Ray is not installed here.",
            hint=f"Install it: pip install 'tunevlseg[cluster]'. {without}",
            field="cluster",
        ) from None
    more: dict[str, Any] = {"address": address}
    if address == LOCAL:
        more |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    asked_to_end = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **more)
    except Exception as error:  # noqa: BLE001 - Ray raises many kinds for an address that does not answer
        raise ResourceError(
            f"The Ray cluster {address} does not answer ({type(error).__name__}).",
            hint="Start it with ray start --head and give its address, HOST:6379; or --cluster local.",
            field="cluster",
        ) from None
    with suppress(ValueError, TypeError):  # another thread than the main one, or nobody's handler
        signal.signal(signal.SIGTERM, asked_to_end)  # Ray ends the program at once; ours gives back what it holds
    return ray


@dataclass(frozen=True)
class Machines:
    """What the cluster has now: machines with cores, the fewest cores of one of them, and how many tasks run side by
    side. A head that was started without cores computes nothing, and does not count."""

    count: int
    least_cpus: int
    places: int

    @classmethod
    def of(cls, ray: Any, cpus: float, gpus: float) -> Machines:
        """For tasks that ask for so many cores and such a share of a GPU each."""
        alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        places = sum(_places(found, cpus, gpus) for found in alive)
        cores = [int(found["CPU"]) for found in alive if found.get("CPU", 0) >= 1]
        return cls(len(cores), min(cores, default=0), places)


def _places(found: Mapping[str, float], cpus: float, gpus: float) -> int:
    by_cpu = found.get("CPU", 0.0) // cpus if cpus else float("inf")
    # A task takes its share of one GPU, never parts of two. 1 // 0.2 is 4: Ray counts in ten thousandths, we do, too.
    by_gpu = found.get("GPU", 0.0) * (10_000 // max(1, round(gpus * 10_000))) if gpus else float("inf")
    fewest = min(by_cpu, by_gpu)
    return 0 if fewest == float("inf") else int(fewest)


def serve_one(line: str, program: Sequence[str], environment: Mapping[str, str], *, keep: bool) -> str:
    """In a Ray task: the engine does the job of one line in a process of its own; the line of the job's last event.

    `keep`: the process stays for the next task that Ray gives to this worker of its, with what it has loaded. Raises
    RuntimeError where the process is lost.
    """
    served = _Served.of(program, environment)
    try:
        last = served.ask(line)
    except BaseException:
        served.end()
        raise
    if not keep:
        served.end()
    return last


class _Served:
    """The engine's process of this worker of Ray's; it hears its pipe end where the worker ends."""

    _kept: _Served | None = None

    def __init__(self, key: tuple[Any, ...], program: Sequence[str], environment: Mapping[str, str]) -> None:
        self.key = key
        self.process = subprocess.Popen(
            [*program, "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**engine_environment(), **environment},
        )

    @classmethod
    def of(cls, program: Sequence[str], environment: Mapping[str, str]) -> _Served:
        """The one that was kept where it may compute in the same place, else a new one."""
        key = (tuple(program), tuple(sorted(environment.items())), os.environ.get("CUDA_VISIBLE_DEVICES"))
        if cls._kept is not None and (cls._kept.key != key or cls._kept.process.poll() is not None):
            cls._kept.end()
        if cls._kept is None:
            cls._kept = cls(key, program, environment)
        return cls._kept

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(OSError):  # it is gone: told below
            self.process.stdin.write((line + "\n").encode())
            self.process.stdin.flush()
        last: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_hear, args=(self.process.stdout, last), daemon=True).start()
        while True:  # a cancel by Ray is an interrupt, which a thread that reads a pipe does not hear
            with suppress(queue.Empty):
                if found := last.get(timeout=ROUND_S):
                    return found
                raise RuntimeError("the worker's process was lost")

    def end(self) -> None:
        type(self)._kept = None
        with suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _hear(lines: IO[bytes], last: queue.SimpleQueue[str]) -> None:
    """Puts the line of a job's last event, "" where there will be none."""
    for said in lines:
        if any(ending in said for ending in _ENDINGS):
            last.put(said.decode().strip())
            return
    last.put("")


def leave(ray: Any, tasks: Sequence[Any]) -> None:
    """Ends tasks and the connection, whatever happens meanwhile: what made us leave is what a person is told.

    The tasks' engines hear it, so that what runs is given back and no half-written file is left; Ray would kill them
    in the midst, as it does with what takes longer than GRACE_S.
    """
    with suppress(Exception):
        for task in tasks:
            ray.cancel(task)
        if tasks:
            ray.wait(list(tasks), num_returns=len(tasks), timeout=GRACE_S)
    with suppress(Exception):
        ray.shutdown()


def answer_of(ray: Any, task: Any) -> Event | str:
    """The last event of an ended task's job, or in a word why the task was lost: a node that is gone, no memory."""
    try:
        return wire.event_from_line(ray.get(task))
    except Exception as error:  # noqa: BLE001 - Ray passes on whatever ended the task
        return type(error).__name__
