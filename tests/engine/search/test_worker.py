"""Workers of a study: proposals, steering, several at once, and workers that are gone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from optuna.trial import TrialState

from engine.contract import wire
from engine.contract.commands import Ban, Enqueue, Freeze, Narrow, Pause, Resume, StopTrial
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, InputError, OutOfRange, RecipeError
from engine.contract.events import Event, StudyEnded, TrialEnded, TrialStarted
from engine.recipe import Recipe, make_recipe
from engine.runs.studies import BEST_RECIPE
from engine.search.commands import StudyCommands, steer
from engine.search.config import SearchConfig
from engine.search.lease import LEASE, PATIENCE_S, Watch, Worker, beat
from engine.search.reading import best_so_far, importances, trial_rows
from engine.search.study import FAILURE, OpenStudy, begin_study, open_study
from engine.search.trial import TuneOne
from engine.search.worker import SearchWorker, state_name

from .conftest import tune_at_once

CONFIG = SearchConfig(trials=12, startup_trials=4)


def work(
    found: OpenStudy, tune: TuneOne = tune_at_once, events: list[Event] | None = None, cancel: CancelToken | None = None
) -> dict[str, Any]:
    heard = [] if events is None else events
    return SearchWorker(found, tune, heard.append, cancel or CancelToken(), "job").work()


def proposals(found: OpenStudy) -> list[dict[str, Any]]:
    """What was proposed, each trial once, in the order in which they were begun."""
    return [trial.params for trial in found.trials() if state_name(trial) != "lost"]


def begun(recipe: Recipe, folder: Path, config: SearchConfig = CONFIG) -> OpenStudy:
    return begin_study(recipe, config, folder)


def killed_after(trials: int, epochs: int) -> TuneOne:
    """A worker that dies in a trial: nothing is told to anybody any more, as after a kill."""
    count = [0]

    def tune(asked: Path, folder: Path, goes_on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        count[0] += 1

        def dying(event: Event) -> None:
            emit(event)
            if count[0] > trials and getattr(event, "epoch", 0) == epochs:
                raise SystemExit

        return tune_at_once(asked, folder, goes_on, dying, token)

    return tune


def lose(found: OpenStudy) -> None:
    """Leaves the running trial's lease as a killed process leaves it."""
    gone = Worker(pid=2**22 + 1)
    for trial in found.trials():
        if trial.state is TrialState.RUNNING:
            found.mark(trial.number, LEASE, gone.lease(0))


def test_a_study_ends_with_its_best_recipe(recipe: Recipe, tmp_path: Path) -> None:
    found, events = begun(recipe, tmp_path / "study"), []
    result = work(found, events=events)
    assert result["states"] == {"complete": 12}
    ended = [event for event in events if isinstance(event, TrialEnded)]
    assert [event.number for event in ended] == list(range(12))
    assert result["value"] == max(event.values[0] for event in ended)
    assert isinstance(events[-1], StudyEnded)
    best = make_recipe(yaml.safe_load((tmp_path / "study" / BEST_RECIPE).read_text()))
    assert best.training.learning_rate == result["params"]["training.learning_rate"]
    started = next(event for event in events if isinstance(event, TrialStarted))
    assert set(started.params) == set(found.by_path)
    rows = trial_rows(found)
    series = best_so_far(found, rows)
    assert series[-1] == result["value"]
    assert series == sorted(series)
    shares = importances(found)
    assert shares["training.learning_rate"] == max(shares.values())


def test_the_same_study_proposes_the_same(recipe: Recipe, tmp_path: Path) -> None:
    one, two = begun(recipe, tmp_path / "one"), begun(recipe, tmp_path / "two")
    work(one), work(two)
    assert proposals(one) == proposals(two)
    other = begun(recipe, tmp_path / "other", CONFIG.model_copy(update={"seed": 5}))
    work(other)
    assert proposals(other) != proposals(one)
    # TPE looks at what went well: after its start, proposals are not those of chance.
    chance = begun(recipe, tmp_path / "chance", CONFIG.model_copy(update={"sampler": "random"}))
    work(chance)
    assert proposals(chance)[:4] == proposals(one)[:4]
    assert proposals(chance)[4:] != proposals(one)[4:]


@pytest.mark.parametrize(("trials", "epochs"), [(0, 1), (5, 2), (11, 3)])
def test_a_killed_worker_changes_nothing(recipe: Recipe, tmp_path: Path, trials: int, epochs: int) -> None:
    """Killed in a trial's epoch, before and after TPE begins; the trial goes on in its own run folder."""
    whole = begun(recipe, tmp_path / "whole")
    work(whole)
    broken = begun(recipe, tmp_path / "broken")
    with pytest.raises(SystemExit):
        work(broken, killed_after(trials, epochs))
    lose(broken)
    again = open_study(tmp_path / "broken")
    goes_on: list[bool] = []

    def tune(asked: Path, folder: Path, on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        goes_on.append(on)
        return tune_at_once(asked, folder, on, emit, token)

    result = work(again, tune)
    assert proposals(again) == proposals(whole)
    assert result["states"] == {"complete": 12}
    assert goes_on == [True] + [False] * (11 - trials)
    assert len(list((tmp_path / "broken" / "trials").iterdir())) == 12
    values = [trial.values for trial in again.trials() if trial.state is TrialState.COMPLETE]
    assert values == [trial.values for trial in whole.trials()]
    # The epochs before the kill are told, too: pruners and curves see whole trials.
    assert all(len(trial.intermediate_values) == 3 for trial in again.trials() if state_name(trial) != "lost")


def test_a_cancelled_search_goes_on_at_once(recipe: Recipe, tmp_path: Path) -> None:
    found, cancel = begun(recipe, tmp_path / "study"), CancelToken()

    def tune(asked: Path, folder: Path, on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        cancel.cancel()
        while True:
            token.check()
            time.sleep(0.01)

    began = time.monotonic()
    with pytest.raises(Cancelled):
        work(found, tune, cancel=cancel)
    assert time.monotonic() - began < 5
    assert found.trial(0).user_attrs[LEASE] == {"released": True}
    assert work(open_study(tmp_path / "study"))["states"] == {"complete": 12}


def test_two_workers_share_a_study(recipe: Recipe, tmp_path: Path) -> None:
    begun(recipe, tmp_path / "study")
    results: list[dict[str, Any]] = []

    def helper() -> None:
        results.append(work(open_study(tmp_path / "study")))

    threads = [threading.Thread(target=helper) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [result["states"] for result in results] == [{"complete": 12}] * 2
    numbers = [trial.user_attrs["run"] for trial in open_study(tmp_path / "study").trials()]
    assert len(set(numbers)) == 12


class Clock:
    """Seconds that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_of_another_machine_dies_when_it_stops_beating(recipe: Recipe, tmp_path: Path) -> None:
    found, clock = begun(recipe, tmp_path / "study"), Clock()
    trial = found.study.ask()
    far = Worker(machine="another")
    beat(found, trial.number, far, 0)
    watch = Watch(Worker(), clock=clock)
    assert watch.take_over(found) == []
    clock.now += PATIENCE_S
    assert watch.take_over(found) == []  # not a moment too early
    beat(found, trial.number, far, 1)  # it lives
    clock.now += 1
    assert watch.take_over(found) == []
    clock.now += PATIENCE_S + 1
    assert watch.take_over(found) == [0]
    assert watch.take_over(found) == []  # once
    assert state_name(found.trial(0)) == "lost"


# -- steering ----------------------------------------------------------------------------------------------------


def test_rules_hold_from_the_next_proposal_on(recipe: Recipe, tmp_path: Path) -> None:
    found = begun(recipe, tmp_path / "study")
    steer(found, Freeze("strategy.prompt_depth", 2))
    steer(found, Narrow("training.learning_rate", [1e-4, 1e-3]))
    steer(found, Ban({"training.weight_decay": [1e-5, 1e-3]}))
    steer(found, Enqueue({"strategy.prompt_depth": 1, "training.learning_rate": 5e-3}))
    work(found)
    asked, *others = proposals(found)
    assert (asked["strategy.prompt_depth"], asked["training.learning_rate"]) == (1, 5e-3)
    assert len(others) == 11
    assert {params["strategy.prompt_depth"] for params in others} == {2}
    assert all(1e-4 <= params["training.learning_rate"] <= 1e-3 for params in others)
    assert all(params["training.weight_decay"] > 1e-3 for params in others)
    # The study's distributions are what they were: any Optuna program can go on with it.
    assert found.trial(3).distributions["training.learning_rate"].low == 1e-5


def test_rules_that_leave_nothing_are_told(recipe: Recipe, tmp_path: Path) -> None:
    found = begun(recipe, tmp_path / "study")
    steer(found, Ban({"strategy.prompt_depth": [1, 12]}))
    with pytest.raises(RecipeError, match="leave nothing to try"):
        work(found)


def test_a_trial_is_stopped_and_a_study_paused_within_a_second(recipe: Recipe, tmp_path: Path) -> None:
    """By lines in the study's folder, as the window writes them."""
    found = begun(recipe, tmp_path / "study", SearchConfig(trials=2))
    events: list[Event] = []
    told = (tmp_path / "study" / "commands.jsonl").open("a", encoding="utf-8")
    stopped: list[float] = []

    def tell(command: Any) -> None:
        told.write(wire.command_to_line(command) + "\n")
        told.flush()

    def tune(asked: Path, folder: Path, on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        if folder.name != "0000":
            return tune_at_once(asked, folder, on, emit, token)
        tell(Pause())
        until(lambda: token.paused)
        tell(Resume())
        until(lambda: not token.paused)
        emit_first_epoch(asked, folder, emit)
        began = time.monotonic()
        tell(StopTrial(0))
        try:
            while True:
                token.check()
                time.sleep(0.01)
        finally:
            stopped.append(time.monotonic() - began)

    with told, StudyCommands(found, CancelToken(), events.append, "job"):
        result = work(found, tune, events)
    assert result["states"] == {"complete": 1, "pruned": 1}
    assert stopped[0] < 3  # a second on a quiet machine
    ended = next(event for event in events if isinstance(event, TrialEnded))
    assert (ended.state, ended.why) == ("pruned", "stopped by hand")


def emit_first_epoch(asked: Path, folder: Path, emit: Emit) -> None:
    class Enough(Exception):
        pass

    def first(event: Event) -> None:
        emit(event)
        raise Enough

    with pytest.raises(Enough):
        tune_at_once(asked, folder, False, first, CancelToken())


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_wrong_commands_are_told_and_harm_nothing(recipe: Recipe, tmp_path: Path) -> None:
    found = begun(recipe, tmp_path / "study", SearchConfig(trials=1))
    found.study.enqueue_trial({})
    for number in (3, -1):
        with pytest.raises(InputError, match="does not run"):
            steer(found, StopTrial(number))
    with pytest.raises(OutOfRange):
        steer(found, Freeze("strategy.prompt_depth", 99))
    events: list[Event] = []
    reader = StudyCommands(found, CancelToken(), events.append, "job")
    lines = ['{"command": "dance"}', "not json", '{"command": "freeze", "key": "x"}', ""]
    (tmp_path / "study" / "commands.jsonl").write_text("\n".join(lines))
    reader.read_once()
    assert [event.level for event in events] == ["warning"] * 3  # type: ignore[union-attr]
    assert work(found)["states"] == {"complete": 1}


# -- failures, objectives, pruning -------------------------------------------------------------------------------


def test_a_trial_that_fails_is_told_and_not_repeated(recipe: Recipe, tmp_path: Path) -> None:
    found = begun(recipe, tmp_path / "study", SearchConfig(trials=3))

    def tune(asked: Path, folder: Path, on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        if folder.name == "0001":
            raise EngineError("The loss is no longer a finite number.")
        return tune_at_once(asked, folder, on, emit, token)

    assert work(found, tune)["states"] == {"complete": 2, "failed": 1}
    assert "finite" in found.trial(1).user_attrs[FAILURE]
    assert work(open_study(tmp_path / "study"))["trials"] == 3


def test_what_stands_in_every_trials_way_ends_the_search(recipe: Recipe, tmp_path: Path) -> None:
    found = begun(recipe, tmp_path / "study")

    def gone(asked: Path, folder: Path, on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        raise InputError("The dataset is gone.")

    with pytest.raises(InputError):
        work(found, gone)

    def fails(asked: Path, folder: Path, on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        raise RecipeError("never")

    with pytest.raises(EngineError, match="first 5 trials all failed"):
        work(open_study(tmp_path / "study"), fails)


def test_several_objectives_have_a_front(recipe: Recipe, tmp_path: Path) -> None:
    config = SearchConfig(trials=8, objectives=("val_dice", "last_val_loss"))
    found = begun(recipe, tmp_path / "study", config)
    result = work(found)
    assert "best" not in result
    assert result["front"]
    assert all(len(row["values"]) == 2 for row in result["front"])


def test_a_pruner_ends_runs_that_lag_behind(recipe: Recipe, tmp_path: Path) -> None:
    config = SearchConfig(trials=16, startup_trials=8, pruner="median", sampler="random")
    recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update={"epochs": 6})})
    states = work(begun(recipe, tmp_path / "study", config))["states"]
    assert states["pruned"] >= 1
    assert states["complete"] >= 4


@pytest.mark.parametrize("objectives", [("val_dice", "seconds"), ("last_val_loss",)])
def test_a_pruner_needs_one_value_to_watch(objectives: Any) -> None:
    with pytest.raises(ValueError, match="pruner"):
        SearchConfig(objectives=objectives, pruner="median")


# -- studies -----------------------------------------------------------------------------------------------------


def test_a_study_is_of_one_recipe(recipe: Recipe, tmp_path: Path) -> None:
    begun(recipe, tmp_path / "study")
    deeper = recipe.model_copy(update={"seed": 3})
    with pytest.raises(RecipeError, match="another recipe: seed"):
        begun(deeper, tmp_path / "study")
    with pytest.raises(RecipeError, match="never changes"):
        begun(recipe, tmp_path / "study", CONFIG.model_copy(update={"seed": 3}))
    assert begun(recipe, tmp_path / "study", SearchConfig(trials=3, startup_trials=4)).config.trials == 3


def test_any_optuna_program_reads_the_study(recipe: Recipe, tmp_path: Path) -> None:
    found = begin_study(recipe, SearchConfig(trials=3), tmp_path / "study", storage=f"sqlite:///{tmp_path}/s.db")
    work(found)
    assert len(open_study(tmp_path / "study").trials()) == 3  # by its folder alone, which knows the address
    plain = optuna.load_study(study_name="polyps-vpt", storage=f"sqlite:///{tmp_path}/s.db")
    assert plain.best_value == found.best().values[0]  # type: ignore[union-attr]
    assert plain.metric_names == ["val_dice"]


def test_half_a_line_at_the_journals_end_is_dropped(recipe: Recipe, tmp_path: Path) -> None:
    """As a machine that lost power leaves it."""
    work(begun(recipe, tmp_path / "study", SearchConfig(trials=2)))
    with (tmp_path / "study" / "study.journal").open("ab") as journal:
        journal.write(b'{"op_code":4,"worker_id":"x')
    again = open_study(tmp_path / "study")
    again.ask_for(3)
    assert work(again)["states"] == {"complete": 3}


@pytest.mark.parametrize(
    "storage", ["postgresql+nothing://joe:secret@localhost/x", "sqlite:////no/such/folder/x.db", "nonsense://"]
)
def test_a_storage_that_does_not_open_is_told_without_its_password(
    recipe: Recipe, tmp_path: Path, storage: str
) -> None:
    with pytest.raises(EngineError) as caught:
        begin_study(recipe, CONFIG, tmp_path / "study", storage=storage)
    assert "secret" not in str(caught.value)
    assert caught.value.field == "storage"


def test_no_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no study"):
        open_study(tmp_path)
    with pytest.raises(InputError, match="no study called"):
        open_study(tmp_path, name="other")


def test_what_is_kept_names_no_password(recipe: Recipe, tmp_path: Path) -> None:
    from engine.search.storage import without_password

    assert without_password("postgresql://joe:secret@host:5/db?a=1") == "postgresql://joe@host:5/db?a=1"
    address = f"sqlite:///{tmp_path}/s.db"
    found = begin_study(recipe, SearchConfig(trials=1), tmp_path / "study", storage=address)
    assert json.dumps(found.recipe)
    assert without_password(address) == address
    assert open_study(tmp_path / "study").study.study_name == "polyps-vpt"  # by what its folder says
