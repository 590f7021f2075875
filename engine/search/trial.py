"""One trial: its recipe, its run, and what the study is told of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.trial import Trial, TrialState

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, OutOfMemory, RecipeError
from engine.contract.events import EpochEnded, Event
from engine.contract.whole_file import told, write_text
from engine.runs import layout
from engine.runs.reader import learned_numbers
from engine.runs.studies import ASKED
from engine.runs.writer import read_metrics
from engine.search.lease import BEAT_S, EPOCH, Worker, beat, give_back
from engine.search.looking import LEAST_S, MOST_S, Looks
from engine.search.space import varied
from engine.search.steering import Rules
from engine.search.study import FAILURE, NEWS, RUN, STOPPED, OpenStudy
from engine.search.waiting import at_once

POLL_S: Final = 0.2
WANTED: Final = "wanted"
"""User attribute of a running trial: what somebody wants of it (`stop`)."""
LEAST_SECONDS: Final = 1e-3

TuneOne = Callable[[Path, Path, bool, Emit, CancelToken], dict[str, Any]]
"""(recipe file, run folder, whether to go on with it, emit, token) → the run's result. Raises as `tune` does."""


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended, as Optuna and a person are told."""

    state: TrialState
    values: tuple[float, ...] = ()
    why: str = ""


@dataclass
class Attendant:
    """Beats for a running trial and passes on what people want of it, in a thread of its own.

    Looks are one read of the study's attributes; the trial itself is read where these say so, and before each beat.
    `token` is the run's; `over` the whole search's. Why the run was ended is `reason`: "" while it was not, else
    `search` (the search is cancelled), `stopped`, `pruned`.
    """

    found: OpenStudy
    trial: Trial
    worker: Worker
    over: CancelToken
    token: CancelToken = field(default_factory=CancelToken)
    reason: str = ""
    troubled: bool = False
    clock: Callable[[], float] = time.monotonic
    _end: threading.Event = field(default_factory=threading.Event)
    _paused: bool = False
    _paused_by_study: bool = False
    _news: str | None = None
    _beats: int = 0

    def __post_init__(self) -> None:
        most = MOST_S if self.found.is_shared else LEAST_S
        self._looks = Looks(self.found.folder, most=most, clock=self.clock)
        self._next_beat = self.clock()

    def __enter__(self) -> Attendant:
        beat(self.found, self.trial.number, self.worker, 0)
        self._next_beat = self.clock() + BEAT_S
        self._thread = threading.Thread(target=self._attend, name="trial-attendant", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def end(self, reason: str) -> None:
        """Ends the run at its next step; the first reason counts."""
        self.reason = self.reason or reason
        self.token.cancel()

    def _attend(self) -> None:
        with at_once(self.found.storage):
            while not self._end.wait(POLL_S):
                self.attend_once()

    def attend_once(self) -> None:
        """Looks and beats where it is time."""
        if self.over.cancelled:
            self.end("search")
        self._pause(self._paused_by_study or self.over.paused)
        beats = self.clock() >= self._next_beat
        if not beats and not self._looks.due():
            return
        try:
            self._looks.looked(news=self._look(closely=beats))
            if beats:
                self._next_beat = self.clock() + BEAT_S
                self._beats += 1
                beat(self.found, self.trial.number, self.worker, self._beats)
            self.troubled = False
        except Exception:  # noqa: BLE001 - a storage that does not answer for a while must not end the run
            self._looks.looked(news=True)
            if beats:  # whichever of them failed: both are done at the next look
                self._next_beat = self.clock() + LEAST_S
            self.troubled = True

    def _look(self, *, closely: bool) -> bool:
        """Whether there is something new. `closely`: the trial is read, too."""
        attributes = self.found.study.user_attrs
        told = attributes.get(NEWS)
        paused = Rules.of(attributes).paused
        new = told != self._news or paused != self._paused_by_study
        self._paused_by_study = paused
        self._pause(paused or self.over.paused)
        if closely or told != self._news:
            mine = self.found.trial(self.trial.number)
            if mine.state.is_finished():
                self.end("taken")  # another worker took this one for lost; what it does counts
            elif mine.user_attrs.get(WANTED) == "stop":
                self.end("stopped")
        self._news = told
        return new

    def _pause(self, wanted: bool) -> None:
        if wanted != self._paused:
            self._paused = wanted
            (self.token.pause if wanted else self.token.resume)()


def run_trial(
    found: OpenStudy, trial: Trial, worker: Worker, tune: TuneOne, emit: Emit, over: CancelToken
) -> TrialOutcome:
    """Tunes the trial's recipe to its end and tells the study.

    Raises Cancelled where the search was cancelled (the trial is then given back), and what stands in the way of every
    trial: a dataset that is gone, weights that are missing, a full disk (given back likewise).
    """
    frozen = found.trial(trial.number)
    folder = found.run_folder(frozen)
    try:
        asked = _asked_for(found, trial, folder)
    except BaseException:
        give_back(found, trial.number)
        raise
    goes_on = layout.is_run(folder)
    with Attendant(found, trial, worker, over) as attendant:
        try:
            _report_past(found, trial, folder)
            result = tune(asked, folder, goes_on, _reporting(found, trial, attendant, emit), attendant.token)
            outcome = TrialOutcome(TrialState.COMPLETE, _values(found, folder, result))
            _note(trial, folder, result)
            if not all(math.isfinite(value) for value in outcome.values):
                outcome = TrialOutcome(TrialState.FAIL, why="a value is not a finite number")
        except Cancelled:
            outcome = _ended(trial, attendant)
        except optuna.exceptions.UpdateFinishedTrialError:
            attendant.reason = "taken"
        except EngineError as error:
            if not _of_this_trial(error):
                give_back(found, trial.number)
                raise
            outcome = TrialOutcome(TrialState.FAIL, why=error.message)
        except Exception:
            give_back(found, trial.number, broken=True)
            raise
        except BaseException:
            give_back(found, trial.number)
            raise
    if attendant.reason != "taken" and _tell(found, trial, outcome):
        return outcome
    return TrialOutcome(TrialState.FAIL, why="another worker went on with it")


def proposed(found: OpenStudy, trial: Trial) -> dict[str, Any]:
    """The trial's values: what somebody asked for, else what the sampler proposes; asked again, the same ones."""
    for path, parameter in found.by_path.items():
        if parameter.kind == "choice":
            trial.suggest_categorical(path, parameter.choices)
        elif parameter.kind == "int":
            trial.suggest_int(path, int(parameter.low), int(parameter.high), log=parameter.log)
        else:
            trial.suggest_float(path, parameter.low, parameter.high, log=parameter.log)
    return dict(trial.params)


def _asked_for(found: OpenStudy, trial: Trial, folder: Path) -> Path:
    """Writes the trial's recipe beside where its run folder's own will be."""
    if RUN not in trial.user_attrs:
        trial.set_user_attr(RUN, folder.name)
    name = f"{found.study.study_name} {folder.name}"[:80]
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return write_text(folder / ASKED, varied(found.complete_recipe(), proposed(found, trial), name))


def _watched(found: OpenStudy, metrics: Mapping[str, float]) -> float | None:
    """The value of an epoch that the study is told; none with several objectives, or where it is not finite."""
    if len(found.config.objectives) > 1:
        return None
    value = metrics.get("val_loss" if found.config.objectives[0] == "last_val_loss" else "val_dice")
    return None if value is None or not math.isfinite(value) else float(value)


def _report_past(found: OpenStudy, trial: Trial, folder: Path) -> None:
    """A trial that goes on tells the epochs of the one that it repeats: curves and pruners see a whole one."""
    done = set(layout.finished_epochs(folder)) if layout.is_run(folder) else set()
    for row in read_metrics(folder) if done else []:
        value = _watched(found, row)
        if value is not None and row["epoch"] <= max(done):
            trial.report(value, int(row["epoch"]))


def _reporting(found: OpenStudy, trial: Trial, attendant: Attendant, emit: Emit) -> Emit:
    """Passes events on, and tells the study of each epoch; ends a run that the pruner gives up."""

    def tell(event: Event) -> None:
        emit(event)
        if attendant.over.cancelled:
            attendant.end("search")
        if isinstance(event, EpochEnded) and len(found.config.objectives) > 1:
            trial.set_user_attr(EPOCH, event.epoch)
        value = _watched(found, event.metrics) if isinstance(event, EpochEnded) else None
        if value is None or not isinstance(event, EpochEnded):
            return
        trial.report(value, event.epoch)
        if found.config.pruner != "none" and trial.should_prune():
            attendant.end("pruned")

    return tell


def _values(found: OpenStudy, folder: Path, result: dict[str, Any]) -> tuple[float, ...]:
    rows = read_metrics(folder)
    known = {
        "val_dice": lambda: float(result["val_dice"]),
        "last_val_loss": lambda: float(rows[-1]["val_loss"]),
        "seconds": lambda: max(_seconds(rows), LEAST_SECONDS),
        "learned": lambda: float(learned_numbers(folder)),
    }
    return tuple(known[name]() for name in found.config.objectives)


def _seconds(rows: list[dict[str, float]]) -> float:
    return sum(row["seconds"] for row in rows if math.isfinite(row["seconds"]))


def _note(trial: Trial, folder: Path, result: dict[str, Any]) -> None:
    """What plots and tables show beside the value."""
    rows = read_metrics(folder)
    trial.set_user_attr("seconds", round(_seconds(rows), 3))
    trial.set_user_attr("epochs", int(result["epochs"]))
    trial.set_user_attr("best_epoch", int(result["best_epoch"]))
    trial.set_user_attr("val_dice", float(result["val_dice"]))
    trial.set_user_attr("val_loss", float(rows[-1]["val_loss"]))
    trial.set_user_attr("learned", learned_numbers(folder))


def _ended(trial: Trial, attendant: Attendant) -> TrialOutcome:
    """A run that was cancelled: why, and what is left of it."""
    match attendant.reason:
        case "pruned":
            return TrialOutcome(TrialState.PRUNED, why="it lagged behind")
        case "stopped":
            trial.set_user_attr(STOPPED, True)
            reported = attendant.found.trial(trial.number).intermediate_values
            state = TrialState.PRUNED if reported else TrialState.FAIL
            return TrialOutcome(state, why="stopped by hand")
        case "taken":
            return TrialOutcome(TrialState.FAIL)
    give_back(attendant.found, trial.number)
    raise Cancelled


def _of_this_trial(error: EngineError) -> bool:
    """Whether other values may do better; what else is raised stands in the way of every trial."""
    return isinstance(error, RecipeError | OutOfMemory) or type(error) is EngineError


def _tell(found: OpenStudy, trial: Trial, outcome: TrialOutcome) -> bool:
    """False where somebody took it for lost in this very moment; his repeat counts."""
    values = list(outcome.values) if outcome.state is TrialState.COMPLETE else None
    try:
        if outcome.state is TrialState.FAIL:
            trial.set_user_attr(FAILURE, outcome.why)
        elif outcome.why:
            trial.set_user_attr("why", outcome.why)
        if found.trial(trial.number).state.is_finished():
            return False  # Optuna would raise a ValueError
        found.study.tell(trial, values, outcome.state)
    except optuna.exceptions.UpdateFinishedTrialError:
        return False
    return True
