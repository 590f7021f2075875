"""Workers that are gone in bad moments, and trials that end each worker that takes them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from engine.contract.commands import Ban, Enqueue
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, RecipeError
from engine.contract.events import Event, TrialEnded
from engine.recipe import Recipe
from engine.search.commands import steer
from engine.search.config import SearchConfig
from engine.search.lease import LEASE, MOST_LOSSES, Watch, Worker
from engine.search.storage import JOURNAL, _lock, open_storage
from engine.search.study import FAILURE, SURPLUS, OpenStudy, begin_study, open_study
from engine.search.trial import proposed, run_trial
from engine.search.worker import SearchWorker, state_name

from .conftest import tune_at_once

CONFIG = SearchConfig(trials=6, startup_trials=3)


def work(found: OpenStudy, tune: Any = tune_at_once, events: list[Event] | None = None) -> dict[str, Any]:
    heard = [] if events is None else events
    return SearchWorker(found, tune, heard.append, CancelToken(), "job", patience=0.0).work()


def lose(found: OpenStudy) -> None:
    """Leaves leases of running trials as a killed process leaves them."""
    for trial in found.trials():
        if trial.state is TrialState.RUNNING:
            found.mark(trial.number, LEASE, Worker(pid=2**22 + 1).lease(0))


def params_of(found: OpenStudy) -> list[dict[str, Any]]:
    return [trial.params for trial in found.trials() if state_name(trial) != "lost"]


@pytest.mark.parametrize("suggested", [0, 1, 3])
@pytest.mark.parametrize("before", [1, 4])
def test_killed_before_all_values_are_known(recipe: Recipe, tmp_path: Path, before: int, suggested: int) -> None:
    """None, some or all of the values are in the storage; the repeat draws the rest as the lost one would have."""
    whole = begin_study(recipe, CONFIG, tmp_path / "whole")
    work(whole)
    broken = begin_study(recipe, CONFIG.model_copy(update={"trials": before}), tmp_path / "broken")
    work(broken)
    broken.ask_for(CONFIG.trials)
    trial = broken.study.ask()
    part = OpenStudy(broken.study, broken.storage, broken.folder, broken.recipe, CONFIG, broken.space[:suggested])
    proposed(part, trial)
    lose(broken)
    again = open_study(tmp_path / "broken")
    assert work(again)["states"] == {"complete": 6}
    assert params_of(again) == params_of(whole)


def test_killed_between_failing_a_lost_trial_and_its_repeat(recipe: Recipe, tmp_path: Path) -> None:
    whole = begin_study(recipe, CONFIG, tmp_path / "whole")
    work(whole)
    broken = begin_study(recipe, CONFIG.model_copy(update={"trials": 2}), tmp_path / "broken")
    work(broken)
    broken.ask_for(CONFIG.trials)
    trial = broken.study.ask()
    proposed(broken, trial)
    broken.storage.set_trial_state_values(broken.id_of(trial.number), TrialState.FAIL)
    again = open_study(tmp_path / "broken")
    assert work(again)["states"] == {"complete": 6}
    assert params_of(again) == params_of(whole)


def test_a_surplus_trial_whose_worker_died_is_not_run(recipe: Recipe, tmp_path: Path) -> None:
    found = begin_study(recipe, CONFIG, tmp_path / "study")
    for _ in range(CONFIG.trials + 1):
        proposed(found, found.study.ask())
    lose(found)
    assert work(found)["states"] == {"complete": 6}


def dies_in(number: str, epoch: int) -> Any:
    def tune(asked: Path, folder: Path, goes_on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        def dying(event: Event) -> None:
            if folder.name == number and getattr(event, "epoch", 0) == epoch:
                raise SystemExit
            emit(event)

        return tune_at_once(asked, folder, goes_on, dying, token)

    return tune


@pytest.mark.parametrize("objectives", [("val_dice",), ("val_dice", "learned")])
@pytest.mark.parametrize("epoch", [0, 3])
def test_a_trial_that_ends_each_worker_is_given_up(recipe: Recipe, tmp_path: Path, epoch: int, objectives: Any) -> None:
    """An epoch that is finished counts as getting on: only losses in a row without one do."""
    found = begin_study(recipe, CONFIG.model_copy(update={"objectives": objectives}), tmp_path / "study")

    def tune(asked: Path, folder: Path, goes_on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        if folder.name == "0001" and (goes_on or not epoch):
            raise SystemExit
        return dies_in("0001", epoch)(asked, folder, goes_on, emit, token)

    lost = 0
    for _ in range(10):
        try:
            result = work(found, tune)
            break
        except SystemExit:
            lost += 1
            lose(found)
            found = open_study(tmp_path / "study")
    # Epoch 3 is only found to be finished by who goes on with it, where one objective is watched.
    assert lost == MOST_LOSSES + (0 if not epoch else 1 if len(objectives) > 1 else 2)
    assert result["states"] == {"complete": 5, "failed": 1}
    failed = next(trial for trial in found.trials() if FAILURE in trial.user_attrs)
    assert "lost 3 times" in failed.user_attrs[FAILURE]


def test_cancelled_often_is_not_lost_and_a_bug_is(recipe: Recipe, tmp_path: Path) -> None:
    found = begin_study(recipe, SearchConfig(trials=1), tmp_path / "study")

    def stops(asked: Path, folder: Path, goes_on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        raise KeyboardInterrupt

    def bug(asked: Path, folder: Path, goes_on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        raise ZeroDivisionError

    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            work(found, stops)
    for _ in range(MOST_LOSSES):
        with pytest.raises(ZeroDivisionError):
            work(found, bug)
    assert work(found, bug)["states"] == {"failed": 1}


@pytest.mark.parametrize("at_epoch", [1, 0])
def test_a_trial_that_was_taken_by_another_ends_quietly(recipe: Recipe, tmp_path: Path, at_epoch: int) -> None:
    """A machine that slept for hours: its trial is another's. Told in an epoch, or after the last one."""
    found = begin_study(recipe, SearchConfig(trials=1), tmp_path / "study")
    trial = found.study.ask()
    proposed(found, trial)

    def slept(asked: Path, folder: Path, goes_on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        def take(event: Event) -> None:
            if getattr(event, "epoch", 0) == at_epoch:
                found.storage.set_trial_state_values(found.id_of(0), TrialState.FAIL)
            emit(event)

        result = tune_at_once(asked, folder, goes_on, take, token)
        if not at_epoch:
            found.storage.set_trial_state_values(found.id_of(0), TrialState.FAIL)
        return result

    outcome = run_trial(found, trial, Worker(), slept, lambda _: None, CancelToken())
    assert (outcome.state, outcome.why) == (TrialState.FAIL, "another worker went on with it")
    events: list[Event] = []
    assert work(found, events=events)["states"] == {"complete": 1}
    assert [event.state for event in events if isinstance(event, TrialEnded)] == ["complete"]


def test_a_resumed_trial_reports_what_it_reached_before(recipe: Recipe, tmp_path: Path) -> None:
    found = begin_study(recipe, SearchConfig(trials=1), tmp_path / "study")
    with pytest.raises(SystemExit):
        work(found, dies_in("0000", 3))
    lose(found)
    work(found)
    (trial,) = (trial for trial in found.trials() if trial.state is TrialState.COMPLETE)
    assert sorted(trial.intermediate_values) == [1, 2, 3]


# -- rules, studies, files ---------------------------------------------------------------------------------------


def test_rules_that_leave_nothing_leave_no_trial_behind(recipe: Recipe, tmp_path: Path) -> None:
    found = begin_study(recipe, SearchConfig(trials=2), tmp_path / "study")
    steer(found, Ban({"strategy.prompt_depth": [1, 12]}))
    for _ in range(2):
        with pytest.raises(RecipeError, match="leave nothing to try"):
            work(found)
    assert found.trials() == []
    assert all(SURPLUS in trial.user_attrs for trial in found.study.get_trials())
    steer(found, Ban({"strategy.prompt_depth": [1, 12]}, lift=True))
    assert work(found)["states"] == {"complete": 2}


def test_a_point_from_json_is_tried_as_the_recipe_has_it(recipe: Recipe, tmp_path: Path) -> None:
    found = begin_study(recipe, SearchConfig(trials=1), tmp_path / "study")
    steer(found, Enqueue({"strategy.prompt_depth": 2.0}))
    work(found)
    assert "prompt_depth: 2\n" in (tmp_path / "study/trials/0000/recipe.yaml").read_text()


def test_a_study_whose_beginning_was_cut_short_is_begun(recipe: Recipe, tmp_path: Path) -> None:
    storage = open_storage("", tmp_path / "study")
    optuna.create_study(study_name="polyps-vpt", storage=storage, directions=["maximize"])
    assert work(begin_study(recipe, SearchConfig(trials=1), tmp_path / "study"))["states"] == {"complete": 1}
    other = optuna.create_study(study_name="other", storage=storage, directions=["maximize"])
    other.add_trial(optuna.create_trial(value=1.0))
    with pytest.raises(InputError, match="not made by this program"):
        begin_study(recipe, SearchConfig(trials=1), tmp_path / "study", name="other")


def test_a_dataset_that_moved_is_looked_for_where_the_recipe_says(recipe: Recipe, tmp_path: Path) -> None:
    begin_study(recipe, CONFIG, tmp_path / "study")
    (tmp_path / "elsewhere").mkdir()
    moved = recipe.model_copy(update={"data": recipe.data.model_copy(update={"folder": str(tmp_path / "elsewhere")})})
    found = begin_study(moved, CONFIG, tmp_path / "study")
    assert found.complete_recipe().data.folder == str(tmp_path / "elsewhere")


def test_a_line_that_is_being_written_is_not_cut(recipe: Recipe, tmp_path: Path) -> None:
    """Somebody opens the study in the middle of another worker's write."""
    work(begin_study(recipe, SearchConfig(trials=1), tmp_path / "study"))
    path = tmp_path / "study" / JOURNAL
    line = path.read_bytes().splitlines(keepends=True)[-1]
    lock = _lock(path)
    lock.acquire()
    with path.open("ab") as journal:
        journal.write(line[:7])
        journal.flush()
        opening = threading.Thread(target=open_study, args=(tmp_path / "study",))
        opening.start()
        opening.join(0.3)
        journal.write(line[7:])
    lock.release()
    opening.join(20)
    assert path.read_bytes().endswith(line + line)


def test_a_trial_that_nobody_leased_is_found_on_this_machine(recipe: Recipe, tmp_path: Path) -> None:
    found = begin_study(recipe, CONFIG, tmp_path / "study")
    found.study.ask()
    watch = Watch(Worker(), patience=0.0)
    assert watch.take_over(found) == []  # seen for the first time
    assert watch.take_over(found) == [0]
