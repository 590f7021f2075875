"""Who works on a trial, and whether they still do: a lease with a heartbeat in the trial's own attributes.

Optuna's journal knows no heartbeat, and clocks of machines differ. A lease is dead when the process that wrote it is
gone (on this machine), when it was given back, or when its beat did not change while somebody watched for PATIENCE_S.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psutil
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from engine.search.sampler import REPEATS
from engine.search.study import FAILURE, RUN, SURPLUS, OpenStudy, repeated_by

BEAT_S: Final = 20.0
PATIENCE_S: Final = 90.0
LEASE: Final = "lease"
LOSSES: Final = "losses"
"""How often a trial's work lost its worker one after the other without finishing an epoch in between."""
MOST_LOSSES: Final = 3
"""Losses at which a trial is given up: values that exhaust a machine's memory kill each worker that takes them."""
EPOCH: Final = "epoch"
"""With several objectives, of which Optuna takes no reports: the last epoch that a trial finished."""
REACHED: Final = "reached"
"""The last epoch that earlier workers finished."""


@dataclass(frozen=True)
class Worker:
    """This process, as others see it: a random name for the machine's run of it, no host name."""

    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    machine: str = field(default_factory=lambda: f"{uuid.getnode():x}:{int(psutil.boot_time())}")
    pid: int = field(default_factory=lambda: psutil.Process().pid)
    started: float = field(default_factory=lambda: round(psutil.Process().create_time(), 2))

    def lease(self, beat: int) -> dict[str, Any]:
        return {
            "worker": self.name,
            "machine": _told(self.machine),
            "pid": self.pid,
            "started": self.started,
            "beat": beat,
        }


def _told(machine: str) -> str:
    """A machine's mark that gives away neither its name nor its address."""
    return uuid.uuid5(uuid.NAMESPACE_OID, machine).hex[:12]


def beat(found: OpenStudy, number: int, worker: Worker, count: int) -> None:
    """Writes the lease of a trial anew."""
    found.mark(number, LEASE, worker.lease(count))


def give_back(found: OpenStudy, number: int, *, broken: bool = False) -> None:
    """The trial is nobody's: the next worker goes on with it at once. `broken`: it ended its worker by a bug."""
    with suppress(UpdateFinishedTrialError):  # somebody took it for lost: it is his
        found.mark(number, LEASE, {"released": True} | ({"broken": True} if broken else {}))


@dataclass
class Watch:
    """What one worker has seen of the others' leases. `clock` tells seconds that only ever grow."""

    me: Worker
    patience: float = PATIENCE_S
    clock: Callable[[], float] = time.monotonic
    given_up: list[int] = field(default_factory=list)
    """Trials that were lost too often, which end as failed ones."""
    _seen: dict[int, tuple[Any, float]] = field(default_factory=dict)
    _absences: int = 0

    def dead(self, trial: FrozenTrial) -> bool:
        """Whether nobody works on this running trial any more."""
        lease = trial.user_attrs.get(LEASE)
        if isinstance(lease, dict):
            if lease.get("released"):
                return True
            if lease.get("worker") == self.me.name:
                return False
            if lease.get("machine") == _told(self.me.machine):
                return not _lives(int(lease.get("pid", 0)), float(lease.get("started", 0.0)))
        known = self._seen.get(trial.number)
        now = self.clock()
        if known is None or known[0] != lease:
            self._seen[trial.number] = (lease, now)
            return False
        return now - known[1] > self.patience

    def take_over(self, found: OpenStudy) -> list[int]:
        """Lost trials are failed and put in line again with the same values and run folder; their numbers."""
        trials = found.study.get_trials(deepcopy=False)
        absences = int(getattr(found.storage, "absences", 0))
        if absences != self._absences:  # nobody could beat while the database was gone: everybody gets a new chance
            self._absences = absences
            self._seen.clear()
        again = repeated_by(trials)
        lost = []
        for trial in trials:
            if trial.state is TrialState.RUNNING and self.dead(trial):
                try:
                    if _losses(trial) >= MOST_LOSSES:
                        found.mark(trial.number, FAILURE, f"its worker was lost {MOST_LOSSES} times in a row")
                        self.given_up.append(trial.number)
                    found.storage.set_trial_state_values(found.id_of(trial.number), TrialState.FAIL)
                except UpdateFinishedTrialError:
                    continue  # another worker was first
                if trial.number in self.given_up:
                    continue
            elif not _lost_before(trial, again):
                continue
            found.study.enqueue_trial(
                _asked(trial),
                user_attrs={REPEATS: trial.number, RUN: found.run_folder(trial).name, **_history(trial)},
            )
            lost.append(trial.number)
        return lost


def _lost_before(trial: FrozenTrial, again: dict[int, int]) -> bool:
    """Failed by somebody who was gone before he put it in line again."""
    if trial.state is not TrialState.FAIL or trial.number in again:
        return False
    return FAILURE not in trial.user_attrs and SURPLUS not in trial.user_attrs


def _reached(trial: FrozenTrial) -> int:
    return max(int(trial.user_attrs.get(EPOCH, 0)), *trial.intermediate_values, 0)


def _losses(trial: FrozenTrial) -> int:
    """Its losses with this one; a trial that was given back was not lost, and one that got on begins anew."""
    lease = trial.user_attrs.get(LEASE)
    if _reached(trial) > int(trial.user_attrs.get(REACHED, 0)):
        return 0
    before = int(trial.user_attrs.get(LOSSES, 0))
    lost = not isinstance(lease, dict) or not lease.get("released") or lease.get("broken")
    return before + 1 if lost else before


def _history(trial: FrozenTrial) -> dict[str, int]:
    """What the trial that does its work again has to know."""
    return {LOSSES: _losses(trial), REACHED: max(_reached(trial), int(trial.user_attrs.get(REACHED, 0)))}


def _asked(trial: FrozenTrial) -> dict[str, Any]:
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
