"""Workers of a study as Ray tasks: Ray finds the machines and shares their GPUs, Optuna's storage holds the truth.

A lost node takes its tasks with it: their trials are done again by others, and a node that joins gets workers of its
own. The driver holds nothing that is not in the storage: it may be killed, and the same command goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from optuna.trial import FrozenTrial, TrialState

from engine.contract import wire
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, ResourceError
from engine.contract.events import JobFailed, JobFinished, Log, Progress, TrialEnded, TrialStarted
from engine.contract.jobs import Search
from engine.runs.cluster import LOCAL, Machines, answer_of, leave, ray_connected, serve_one
from engine.runs.cores import cores_for
from engine.runs.detached import own_program
from engine.search.looking import Looks
from engine.search.study import FAILURE, OpenStudy
from engine.search.worker import state_name

ROUND_S: Final = 0.2
MOST_LOOK_S: Final = 5.0
"""How long at most what became of trials is not told."""
COUNT_S: Final = 2.0
"""How often the cluster's machines are counted."""
LEAVE_S: Final = 4.0
LOST_AT_MOST: Final = 20
"""Tasks that may be lost one after the other without a trial that ends between them."""
MOST_CORES: Final = 4
"""Cores that a worker without a GPU asks for, where machines have them: those with more do trials side by side."""
WITHOUT: Final = "Without it: search --worker on each machine."


def require_shared(job: Search) -> None:
    """Raises InputError where workers on other machines could not reach the study."""
    if job.cluster != LOCAL and "://" not in job.storage:
        raise InputError(
            "Workers on other machines reach no file of this one.",
            hint="Give the address of a database that all of them reach: --storage postgresql://…",
            field="storage",
        )


@dataclass
class RayWorkers:
    """Keeps workers of a study going in a Ray cluster, each of which asks for `gpus`, a share of one (0: for cores).

    `count` at most; 0: as many as the cluster has room for, more when a machine joins, fewer when one is lost. Never
    more than trials are left.
    """

    found: OpenStudy
    address: str
    job: Search
    emit: Emit
    cancel: CancelToken
    job_id: str
    count: int
    gpus: float
    finish: Callable[[], dict[str, Any]]
    """What is told of the study in the end."""
    _told: dict[int, TrialState] = field(default_factory=dict)
    _running: list[Any] = field(default_factory=list)
    _wanted: int = 0
    _left: int = 0
    _lost: int = 0
    _hurried: bool = False
    """A worker saw that nothing is left: looked at before another one is asked for in its place."""

    def work(self) -> dict[str, Any]:
        """Until the study has its trials. Raises Cancelled (trials that ran go on with the next worker), ResourceError
        where workers are lost again and again, and InputError for what every worker refuses."""
        ray = ray_connected(self.address, WITHOUT)
        try:
            cpus = self._cores(ray)
            task = ray.remote(max_retries=0, num_cpus=cpus, num_gpus=self.gpus)(serve_one)
            line = wire.job_to_line(self.job, self.job_id)
            environment = {} if self.gpus else cores_for(cpus)
            looks = Looks(self.found.folder, most=MOST_LOOK_S)
            counted = -COUNT_S
            self._told = {trial.number: trial.state for trial in self.found.trials() if trial.state.is_finished()}
            while True:
                self.cancel.check()
                if self._hurried or looks.due():
                    self._hurried = False
                    before = dict(self._told)
                    if self._look():
                        break
                    looks.looked(news=self._told != before)
                if time.monotonic() - counted >= COUNT_S:
                    counted = time.monotonic()
                    self._count(Machines.of(ray, cpus, self.gpus))
                while len(self._running) < min(self._wanted, self._left):
                    self._running.append(task.remote(line, own_program(), environment, keep=False))
                self._collect(ray)
            if self._running:  # they see the same by themselves; what does not is ended with the connection
                ray.wait(self._running, num_returns=len(self._running), timeout=LEAVE_S)
            return self.finish()
        finally:
            leave(ray, self._running)

    def _cores(self, ray: Any) -> int:
        """What each worker asks for: one core beside its GPU, else an even part, so that all find room at once."""
        if self.gpus:
            return 1
        machines = Machines.of(ray, 1, 0)
        part = machines.places // self.count if self.count else machines.least_cpus
        return max(1, min(MOST_CORES, machines.least_cpus, part))

    def _count(self, machines: Machines) -> None:
        """As many workers as there is room for, where no number was asked for."""
        before, self._wanted = self._wanted, self.count or machines.places
        if not self._wanted:
            self._wanted = 1  # it waits in the cluster's queue until a machine with room for it joins
            if before != 1:
                what = "no GPU" if self.gpus else "no cores"
                self.emit(Log(self.job_id, f"The cluster has {what} now: waiting for a machine that has.", "warning"))
        elif before and before != self._wanted:
            change = "grew" if self._wanted > before else "shrank"
            self.emit(Log(self.job_id, f"The cluster {change}: room for {self._wanted} workers."))

    def _collect(self, ray: Any) -> None:
        """Tasks that have ended: a lost one is told; who takes its place is asked for in the next round."""
        if not self._running:
            time.sleep(ROUND_S)
            return
        ended, self._running = ray.wait(self._running, num_returns=1, timeout=ROUND_S)
        for one in ended:
            match answer_of(ray, one):
                case JobFinished():
                    self._hurried = True
                case JobFailed(message=message, hint=hint):
                    said = f"A worker ended: {message} {hint}".rstrip()
                    raise InputError(said, hint="Mend it there, then start the same command again.")
                case str() as why:
                    self._was_lost(why)
                case _:
                    self._was_lost("cancelled")

    def _was_lost(self, why: str) -> None:
        self._lost += 1
        self.emit(Log(self.job_id, f"A worker was lost ({why}); its trial is done again by another one.", "warning"))
        if self._lost > LOST_AT_MOST:
            raise ResourceError(
                f"Workers are lost again and again, the last one thus: {why}.",
                hint="See Ray's own logs, or run a worker by hand: tunevlseg search --worker.",
            )

    def _look(self) -> bool:
        """Tells what became of trials since the last look; whether all that were asked for have ended."""
        trials = self.found.trials()
        counted = [trial for trial in trials if state_name(trial) != "lost"]
        finished = sum(trial.state.is_finished() for trial in counted)
        for trial in trials:
            before, self._told[trial.number] = self._told.get(trial.number), trial.state
            if before != trial.state and state_name(trial) != "lost":
                self._tell(trial, finished, self.found.best(counted))
        self._left = max(self.found.config.trials, len(counted)) - finished
        return self._left == 0

    def _tell(self, trial: FrozenTrial, finished: int, best: FrozenTrial | None) -> None:
        folder = str(self.found.run_folder(trial))
        if trial.state is TrialState.RUNNING:
            self.emit(TrialStarted(self.job_id, trial.number, dict(trial.params), folder))
        elif trial.state.is_finished():
            self._lost = 0
            is_best = best is not None and best.number == trial.number
            why, values = str(trial.user_attrs.get(FAILURE, "")), list(trial.values or ())
            self.emit(
                TrialEnded(
                    self.job_id, trial.number, state_name(trial), dict(trial.params), values,
                    run=folder, best=is_best, why=why,
                )
            )  # fmt: skip
            self.emit(Progress(self.job_id, finished, self.found.config.trials, "trials", stage="Search"))
