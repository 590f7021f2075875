"""Workers of a study as Ray tasks: Ray finds the machines and shares their GPUs, Optuna's storage holds the truth.

A task is a process of the engine beside Ray's own worker, told its job through a pipe, so that it ends with the task.
A lost node takes its tasks with it: their trials are done again by others, and a new task is asked for. The driver
holds nothing that is not in the storage: it may be killed, and the same command goes on.
"""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from optuna.trial import TrialState

from engine.contract import wire
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, ResourceError
from engine.contract.events import JobFailed, Log, Progress, TrialEnded, TrialStarted
from engine.contract.jobs import Search
from engine.search.study import FAILURE, OpenStudy
from engine.search.worker import state_name

LOCAL: Final = "local"
ROUND_S: Final = 0.2
LOOK_S: Final = 1.0
LEAVE_S: Final = 4.0
LOST_AT_MOST: Final = 20
"""Tasks that may be lost one after the other without a trial that ends between them."""


def ray_connected(address: str) -> Any:
    """The module `ray`, connected: `local` starts it on this machine alone, else the address of a running cluster.

    Ray's statistics of use, which it would send to its makers, and its dashboard stay off. Raises ResourceError where
    the extra is not installed or the cluster does not answer.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # tasks without a GPU keep what they see
    try:
        import ray
    except ModuleNotFoundError:
        raise ResourceError(
            "Ray is not installed here.",
            hint="Install it: pip install 'tunevlseg[cluster]'. Without it: search --worker on each machine.",
            field="cluster",
        ) from None
    more: dict[str, Any] = {"address": address}
    if address == LOCAL:
        more |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **more)
    except Exception as error:  # noqa: BLE001 - Ray raises many kinds for an address that does not answer
        raise ResourceError(
            f"The Ray cluster {address} does not answer ({type(error).__name__}).",
            hint="Start it with ray start --head and give its address, HOST:6379; or --cluster local.",
            field="cluster",
        ) from None
    return ray


def require_shared(job: Search) -> None:
    """Raises InputError where workers on other machines could not reach the study."""
    if job.cluster != LOCAL and "://" not in job.storage:
        raise InputError(
            "Workers on other machines reach no file of this one.",
            hint="Give the address of a database that all of them reach: --storage postgresql://…",
            field="storage",
        )


def serve_one(line: str, program: list[str]) -> str:
    """In a Ray task: does the job of one line in a process of its own; its failure in words, "" for none."""
    from engine.runs.detached import engine_environment

    process = subprocess.Popen(
        [*program, "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=engine_environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write((line + "\n").encode())
    process.stdin.flush()
    failed = ""
    for said in process.stdout:
        if b'"job_failed"' in said or b'"job_finished"' in said or b'"job_cancelled"' in said:
            event = wire.event_from_line(said.decode())
            failed = f"{event.message} {event.hint}".strip() if isinstance(event, JobFailed) else ""
            process.stdin.close()
    if process.wait():
        raise RuntimeError("the worker's process was lost")
    return failed


@dataclass
class RayWorkers:
    """Keeps `count` workers of a study going in a Ray cluster; each asks for `gpus` (a share of one) and `cpus`."""

    found: OpenStudy
    address: str
    job: Search
    emit: Emit
    cancel: CancelToken
    job_id: str
    count: int
    gpus: float
    cpus: float
    finish: Callable[[], dict[str, Any]]
    """What is told of the study in the end."""
    _told: dict[int, TrialState] = field(default_factory=dict)

    def work(self) -> dict[str, Any]:
        """Until the study has its trials. Raises Cancelled (trials that ran go on with the next worker), ResourceError
        where workers are lost again and again, and InputError for what every worker refuses."""
        from engine.runs.detached import own_program

        ray = ray_connected(self.address)
        try:
            task = ray.remote(max_retries=0, num_cpus=self.cpus, num_gpus=self.gpus)(serve_one)
            line = wire.job_to_line(self.job, self.job_id)
            running = [task.remote(line, own_program()) for _ in range(self.count)]
            lost = 0
            while not self._look():
                self._wait()
                ended, running = ray.wait(running, num_returns=len(running), timeout=0) if running else ([], [])
                for one in ended:
                    why = self._outcome(ray, one)
                    if why is None:
                        continue  # it saw that there is nothing left to do
                    lost += 1
                    self.emit(Log(self.job_id, f"A worker was lost ({why}); another one is asked for.", "warning"))
                    if lost > LOST_AT_MOST:
                        raise ResourceError(
                            f"Workers are lost again and again, the last one thus: {why}.",
                            hint="See Ray's own logs, or run a worker by hand: tunevlseg search --worker.",
                        )
                    running.append(task.remote(line, own_program()))
            if running:  # they see the same by themselves, within two seconds
                ray.wait(running, num_returns=len(running), timeout=LEAVE_S)
            return self.finish()
        finally:
            ray.shutdown()

    def _outcome(self, ray: Any, one: Any) -> str | None:
        """Why a task was lost, None where it did its work; raises InputError for what it refused."""
        try:
            refused = ray.get(one)
        except Exception as error:  # noqa: BLE001 - a node that is gone, a process that was killed, no memory
            return type(error).__name__
        if refused:
            raise InputError(f"A worker ended: {refused}", hint="Mend it there, then start the same command again.")
        return None

    def _look(self) -> bool:
        """Tells what became of trials since the last look; whether all that were asked for have ended."""
        counted = [trial for trial in self.found.trials() if state_name(trial) != "lost"]
        for trial in self.found.trials():
            before, self._told[trial.number] = self._told.get(trial.number), trial.state
            folder = str(self.found.run_folder(trial))
            if before == trial.state or state_name(trial) == "lost":
                continue
            if trial.state is TrialState.RUNNING:
                self.emit(TrialStarted(self.job_id, trial.number, dict(trial.params), folder))
            elif trial.state.is_finished():
                best = self.found.best()
                why = str(trial.user_attrs.get(FAILURE, ""))
                values = list(trial.values or ())
                is_best = best is not None and best.number == trial.number
                self.emit(
                    TrialEnded(
                        self.job_id, trial.number, state_name(trial), dict(trial.params), values,
                        run=folder, best=is_best, why=why,
                    )
                )  # fmt: skip
                done = sum(other.state.is_finished() for other in counted)
                self.emit(Progress(self.job_id, done, self.found.config.trials, "trials", stage="Search"))
        finished = [trial for trial in counted if trial.state.is_finished()]
        return len(finished) >= self.found.config.trials and len(finished) == len(counted)

    def _wait(self) -> None:
        until = time.monotonic() + LOOK_S
        while time.monotonic() < until:
            self.cancel.check()
            time.sleep(ROUND_S)
