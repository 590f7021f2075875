"""A worker: takes trials of a study one after the other until there are enough, whoever else works on it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

from optuna.trial import FrozenTrial, Trial, TrialState

from engine.config.yaml_io import dump_yaml, load_yaml
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, RecipeError
from engine.contract.events import (
    Degraded,
    EpochEnded,
    Event,
    Log,
    Paused,
    Progress,
    Resumed,
    StudyEnded,
    TrialEnded,
    TrialStarted,
)
from engine.contract.whole_file import write_text
from engine.runs.studies import ASKED, BEST_RECIPE
from engine.search.lease import Watch, Worker, beat, give_back
from engine.search.looking import MOST_S, Looks
from engine.search.sampler import REPEATS, first_of
from engine.search.study import FAILURE, SURPLUS, OpenStudy
from engine.search.trial import TrialOutcome, TuneOne, proposed, run_trial
from engine.search.waiting import waits_for

ROUND_S: Final = 0.2
LOOK_S: Final = 2.0
"""How soon a worker without work looks whether a trial was lost, or the pause is over; then ever less often."""
IN_A_ROW: Final = 5
"""Failures from the first trial on after which a study is given up: what fails always is not a matter of values."""
_STATES: Final = {
    TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed",
    TrialState.RUNNING: "running", TrialState.WAITING: "waiting",
}  # fmt: skip


def state_name(trial: FrozenTrial) -> str:
    """`complete | pruned | failed | lost | running | waiting`; lost: failed, and done again by another trial."""
    if trial.state is TrialState.FAIL and FAILURE not in trial.user_attrs:
        return "lost"
    return _STATES[trial.state]


@dataclass
class SearchWorker:
    """`tune` runs one trial; `patience`: seconds without a beat after which a lease of another machine is dead."""

    found: OpenStudy
    tune: TuneOne
    emit: Emit
    cancel: CancelToken
    job_id: str
    me: Worker = field(default_factory=Worker)
    patience: float | None = None

    def __post_init__(self) -> None:
        self._watch = Watch(self.me) if self.patience is None else Watch(self.me, self.patience)
        self._pause_told = False
        self._looks = Looks(self.found.folder, least=LOOK_S, most=MOST_S if self.found.is_shared else LOOK_S)

    def work(self) -> dict[str, Any]:
        """Until the study has its trials; `{"study", "folder", "trials", "best", …}`.

        Raises Cancelled (trials that ran are given back and go on with the next worker), and what stands in the way of
        every trial; ResourceError where the study's database is gone for longer than a worker waits.
        """
        with waits_for(self.found.storage, lambda said, level: self.emit(Log(self.job_id, said, level)), self.cancel):
            return self._work()

    def _work(self) -> dict[str, Any]:
        while not self._enough():
            self.cancel.check()
            for number in self._watch.take_over(self.found):
                self.emit(Log(self.job_id, f"Trial {number} lost its worker; it is done again.", "warning"))
            while self._watch.given_up:
                number = self._watch.given_up.pop()
                self.emit(Log(self.job_id, f"Trial {number} lost its worker time and again: given up.", "warning"))
            if self._paused():
                self._wait()
                continue
            trial = self._take()
            if trial is None:
                self._wait()
                continue
            self._run(trial)
            self._looks.looked(news=True)
        return self._finish()

    # -- taking trials -------------------------------------------------------------------------------------------

    def _counted(self) -> list[FrozenTrial]:
        """Trials that count: neither surplus nor lost ones, which count by their repeats."""
        return [trial for trial in self.found.trials() if state_name(trial) != "lost"]

    def _enough(self) -> bool:
        """Whether every trial that was asked for has ended."""
        ended = [trial.state.is_finished() for trial in self._counted()]
        return sum(ended) >= self.found.config.trials and all(ended)

    def _take(self) -> Trial | None:
        """A trial of this worker's own; None while others do all that is left."""
        counted = self._counted()
        waiting = any(trial.state is TrialState.WAITING for trial in counted)
        if not waiting and len(counted) >= self.found.config.trials:
            return None
        trial = self.found.study.ask()
        beat(self.found, trial.number, self.me, 0)  # at once: what nobody leases is only found to be lost by waiting
        if self._is_surplus(trial.number):
            self._take_back(trial)
            return None
        try:
            proposed(self.found, trial)
        except RecipeError:  # the rules leave nothing
            self._take_back(trial)
            raise
        except BaseException:
            give_back(self.found, trial.number)
            raise
        return trial

    def _take_back(self, trial: Trial) -> None:
        trial.set_user_attr(SURPLUS, True)
        self.found.study.tell(trial, state=TrialState.FAIL)

    def _is_surplus(self, number: int) -> bool:
        """Two workers may begin the last trial at once: the later number is one too many. So is a second repeat."""
        trials = self.found.study.get_trials(deepcopy=False)
        mine = next(trial for trial in trials if trial.number == number)
        lost = mine.user_attrs.get(REPEATS)
        whole = [trial for trial in trials if SURPLUS not in trial.user_attrs]
        if lost is not None and any(t.number < number and t.user_attrs.get(REPEATS) == lost for t in whole):
            return True
        first = first_of(mine, trials)
        begun = next(trial for trial in trials if trial.number == first)
        if "fixed_params" in begun.system_attrs:
            return False  # somebody asked for it
        return sum(t.number < first and REPEATS not in t.user_attrs for t in whole) >= self.found.config.trials

    # -- one trial -----------------------------------------------------------------------------------------------

    def _run(self, trial: Trial) -> None:
        folder = self.found.run_folder(self.found.trial(trial.number))

        def tell(event: Event) -> None:
            if isinstance(event, EpochEnded | Degraded | Paused | Resumed):  # the rest stands in the run's own log
                self.emit(event)

        began = time.monotonic()
        self.emit(TrialStarted(self.job_id, trial.number, proposed(self.found, trial), str(folder)))
        outcome = run_trial(self.found, trial, self.me, self.tune, tell, self.cancel)
        self._tell(trial, outcome, str(folder), time.monotonic() - began)

    def _tell(self, trial: Trial, outcome: TrialOutcome, folder: str, seconds: float) -> None:
        counted = self._counted()
        best = self.found.best(counted)
        self.emit(
            TrialEnded(
                self.job_id,
                trial.number,
                _STATES[outcome.state],
                dict(trial.params),
                list(outcome.values),
                run=folder,
                seconds=seconds,
                best=best is not None and best.number == trial.number,
                why=outcome.why,
            )
        )
        done = sum(found.state.is_finished() for found in counted)
        self.emit(Progress(self.job_id, done, self.found.config.trials, "trials", stage="Search"))
        if best is not None and best.number == trial.number:
            self._keep_best(best)
        self._give_up_on_failures(counted)

    def _keep_best(self, best: FrozenTrial) -> None:
        asked = self.found.run_folder(best) / ASKED
        if asked.is_file():  # another machine's trial has its recipe there
            write_text(self.found.folder / BEST_RECIPE, dump_yaml(load_yaml(asked)))

    def _give_up_on_failures(self, counted: list[FrozenTrial]) -> None:
        ended = [trial for trial in counted if trial.state.is_finished()]
        if len(ended) < IN_A_ROW or any(trial.state is not TrialState.FAIL for trial in ended):
            return
        raise EngineError(
            f"The first {len(ended)} trials all failed, the last one thus: {ended[-1].user_attrs.get(FAILURE)}",
            hint="Try the recipe by itself with tunevlseg tune, then begin a new study.",
        )

    # -- waiting, ending -----------------------------------------------------------------------------------------

    def _paused(self) -> bool:
        paused = self.found.rules.paused
        if paused and not self._pause_told:
            self.emit(Log(self.job_id, "The study is paused."))
        self._pause_told = paused
        return paused

    def _wait(self) -> None:
        self._looks.looked(news=False)
        while not self._looks.due():
            self.cancel.check()
            time.sleep(ROUND_S)

    def _finish(self) -> dict[str, Any]:
        counted = self._counted()
        best = self.found.best()
        result: dict[str, Any] = {
            "study": self.found.study.study_name,
            "folder": str(self.found.folder),
            "trials": len(counted),
            "states": _tally(counted),
            "objectives": list(self.found.config.objectives),
        }
        if best is not None:
            result |= {"best": best.number, "params": dict(best.params), "value": best.values[0]}
            result |= {"run": str(self.found.run_folder(best)), "recipe": str(self.found.folder / BEST_RECIPE)}
        elif len(self.found.config.objectives) > 1:
            front = sorted(self.found.study.best_trials, key=lambda trial: trial.number)
            result["front"] = [{"trial": t.number, "params": dict(t.params), "values": list(t.values)} for t in front]
        self.emit(StudyEnded(self.job_id, result))
        return result


def _tally(trials: list[FrozenTrial]) -> dict[str, int]:
    names = [state_name(trial) for trial in trials]
    return {name: names.count(name) for name in sorted(set(names))}
