"""A search from its recipe to its last trial with tiny weights: begun, cancelled, gone on with, helped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file, save_file

from engine.cli.main import main
from engine.contract import wire
from engine.contract.control import CancelToken
from engine.contract.errors import (
    Cancelled,
    EngineError,
    InputError,
    OutOfRange,
    RecipeError,
    RunBusy,
    WeightsMissing,
)
from engine.contract.events import EpochEnded, Event, JobFinished, JobStarted, StudyEnded, TrialEnded, TrialStarted
from engine.contract.jobs import Search, SteerStudy
from engine.jobs import search, steer_study
from engine.recipe import read_recipe
from engine.runs.lock import RunLock
from engine.runs.studies import BEST_RECIPE, STUDY_FILE
from engine.search.study import open_study
from engine.search.worker import state_name
from engine.synthetic.sample_data import write_dataset
from tests.fakes.recipes import write_recipe

TRIALS = 3
RATE, DEPTH = "training.learning_rate", "strategy.prompt_depth"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=12)
    return folder


@pytest.fixture
def recipe(tiny_weights: Path, drawn: Path, tmp_path: Path) -> Path:
    return write_recipe(tmp_path, tiny_weights, drawn, name="Polyps & VPT")


def job(of: Path | str, folder: Path, **more: Any) -> Search:
    return Search(**{"recipe": str(of), "folder": str(folder), "search": {"trials": TRIALS}, **more})


def play(asked: Search, stop_after: int = 0) -> tuple[dict[str, Any], list[Event]]:
    """With `stop_after`, cancelled in the epoch after so many."""
    events: list[Event] = []
    cancel = CancelToken()

    def hear(event: Event) -> None:
        events.append(event)
        if stop_after and sum(isinstance(one, EpochEnded) for one in events) == stop_after:
            cancel.cancel()

    return search.run(asked, hear, cancel, "job"), events


def table_of(folder: Path) -> list[tuple[Any, Any]]:
    trials = [trial for trial in open_study(folder).trials() if state_name(trial) != "lost"]
    return [(trial.params, trial.values) for trial in trials]


def test_cancelled_twice_or_never_it_ends_with_the_same_trials(recipe: Path, tmp_path: Path) -> None:
    whole, events = play(job(recipe, tmp_path / "whole"))
    assert whole["states"] == {"complete": TRIALS}
    assert whole["study"] == "polyps-vpt"
    kinds = [type(event) for event in events]
    assert (kinds.count(TrialStarted), kinds.count(TrialEnded), kinds.count(StudyEnded)) == (TRIALS, TRIALS, 1)
    written = [wire.event_from_line(line) for line in (tmp_path / "whole/events.jsonl").read_text().splitlines()]
    assert isinstance(written[0], JobStarted)
    assert isinstance(written[-1], JobFinished)
    best = read_recipe(tmp_path / "whole" / BEST_RECIPE)
    assert best.training.learning_rate == whole["params"][RATE]

    for stop in (1, 2):
        with pytest.raises(Cancelled):
            play(job(recipe, tmp_path / "broken"), stop)
    again, _ = play(job(recipe, tmp_path / "broken"))
    assert again["states"] == {"complete": TRIALS}
    assert table_of(tmp_path / "broken") == table_of(tmp_path / "whole")
    assert len(list((tmp_path / "broken/trials").iterdir())) == TRIALS
    # More of them, by the study's folder alone.
    more, _ = play(job("", tmp_path / "broken", search={"trials": TRIALS + 1}))
    assert more["states"] == {"complete": TRIALS + 1}
    assert table_of(tmp_path / "broken")[:TRIALS] == table_of(tmp_path / "whole")


def test_cancelled_before_the_first_step(recipe: Path, tmp_path: Path) -> None:
    """While the first trial is measured or loads: told as any other, and gone on with."""
    cancel = CancelToken()

    def hear(event: Event) -> None:
        if isinstance(event, TrialStarted):
            cancel.cancel()

    with pytest.raises(Cancelled):
        search.run(job(recipe, tmp_path / "s", search={"trials": 1}), hear, cancel, "job")
    assert '"job_cancelled"' in (tmp_path / "s/events.jsonl").read_text().splitlines()[-1]
    assert play(job(recipe, tmp_path / "s", search={"trials": 1}))[0]["states"] == {"complete": 1}


def test_a_worker_joins_and_other_data_is_refused(recipe: Path, drawn: Path, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    play(job(recipe, tmp_path / "first", storage=storage, study="ours", search={"trials": 1}))
    open_study(tmp_path / "first").ask_for(2)
    other = tmp_path / "other"
    write_dataset("polyps", other, count=13)
    helper = job("", tmp_path / "second", storage=storage, study="ours", worker=True, search={})
    with pytest.raises(InputError, match="not the one that the study is about"):
        play(Search(**{**fields(helper), "data": str(other)}))
    moved = tmp_path / "moved"
    drawn.rename(moved)
    try:
        result, events = play(Search(**{**fields(helper), "data": str(moved)}))
    finally:
        moved.rename(drawn)
    assert result["states"] == {"complete": 2}
    assert [event.number for event in events if isinstance(event, TrialStarted)] == [1]
    assert not (tmp_path / "second/events.jsonl").exists()  # the folder's first worker writes it, helpers do not
    with pytest.raises(InputError, match="no study called"):
        play(job("", tmp_path / "third", storage=storage, study="theirs", worker=True))


def test_a_worker_with_other_weights_is_refused(recipe: Path, tiny_weights: Path, tmp_path: Path) -> None:
    """The other machine keeps them in the same place, under the same name, and they have other bytes."""
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    ours = tmp_path / "ours.yaml"
    ours.write_text(yaml.safe_dump({**yaml.safe_load(recipe.read_text()), "model": {"weights": str(weights)}}))
    storage = f"sqlite:///{tmp_path}/s.db"
    play(job(ours, tmp_path / "first", storage=storage, study="ours", search={"trials": 1}))
    open_study(tmp_path / "first").ask_for(2)
    file = weights / "model.safetensors"
    values = load_file(file)
    name = sorted(values)[0]
    save_file({**values, name: values[name] + 1}, file, metadata={"format": "pt"})
    helper = job("", tmp_path / "second", storage=storage, study="ours", worker=True, search={})
    with pytest.raises(WeightsMissing, match="not the file this was made with"):
        play(helper)
    assert len(open_study(tmp_path / "first").trials()) == 1  # it took nothing


def fields(of: Search) -> dict[str, Any]:
    return {name: getattr(of, name) for name in Search.__dataclass_fields__}


def test_a_folder_holds_one_study_and_one_search(recipe: Path, tmp_path: Path) -> None:
    play(job(recipe, tmp_path / "s", search={"trials": 1}))
    other = tmp_path / "other.yaml"
    other.write_text(recipe.read_text().replace("Polyps & VPT", "something else"))
    for asked in (job(other, tmp_path / "s"), job(recipe, tmp_path / "s", study="new")):
        with pytest.raises(InputError, match="another study"):
            play(asked)
    with RunLock(tmp_path / "s"), pytest.raises(RunBusy):
        play(job(recipe, tmp_path / "s", search={"trials": 9}, frozen={DEPTH: 1}))
    found = open_study(tmp_path / "s")  # what was refused changed nothing
    assert found.config.trials == 1
    assert not found.rules.frozen
    assert yaml.safe_load((tmp_path / "s" / STUDY_FILE).read_text())["name"] == "polyps-vpt"


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"search": {"trials": 0}}, OutOfRange),
        ({"search": {"sampler": "luck"}}, EngineError),
        ({"search": {"objectives": ["val_dice", "seconds"], "pruner": "median"}}, RecipeError),
        ({"frozen": {DEPTH: 99}}, EngineError),
        ({"narrowed": {RATE: [1, 2]}}, OutOfRange),
        ({"overrides": ["strategy.name=zero_shot"]}, RecipeError),
        ({"recipe": ""}, InputError),
    ],
)
def test_what_cannot_be_searched_is_told_and_leaves_no_study(
    recipe: Path, tmp_path: Path, more: dict[str, Any], kind: type[EngineError]
) -> None:
    with pytest.raises(kind):
        play(job(recipe, tmp_path / "s", **more))
    assert not (tmp_path / "s" / STUDY_FILE).exists()


def test_rules_come_with_the_study_and_by_a_job(recipe: Path, tmp_path: Path) -> None:
    play(job(recipe, tmp_path / "s", search={"trials": 1}, frozen={DEPTH: 2}, narrowed={RATE: [1e-4, 2e-4]}))
    ((first, _),) = table_of(tmp_path / "s")
    assert first[DEPTH] == 2
    assert 1e-4 <= first[RATE] <= 2e-4

    def steer(**command: Any) -> str:
        told = steer_study.run(SteerStudy(str(tmp_path / "s"), command), lambda _: None, CancelToken(), "job")
        return str(told["said"])

    assert steer(command="freeze", key=DEPTH, value=1.0) == f"{DEPTH} stays at 1."
    wrong: list[dict[str, Any]] = [
        {"command": "freeze", "key": DEPTH, "value": "1"},
        {"command": "freeze", "key": None, "value": 1},
        {"command": "narrow", "key": DEPTH, "limits": [1.2, 1.8]},
        {"command": "narrow", "key": DEPTH, "limits": 3},
        {"command": "ban", "region": [1]},
        {"command": "ban", "region": {DEPTH: None}},
        {"command": "enqueue", "params": {DEPTH: None}},
        {"command": "enqueue", "params": {DEPTH: True}},
        {"command": "enqueue", "params": {RATE: float("nan")}},
        {"command": "enqueue", "params": "x"},
        {"command": "stop_trial", "number": "0"},
        {"command": "stop_keep_best"},
    ]
    for command in wrong:
        with pytest.raises(EngineError):
            steer(**command)
    assert len(open_study(tmp_path / "s").study.get_trials()) == 1


# -- the command line --------------------------------------------------------------------------------------------


def test_by_the_command_line(recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["search", str(recipe), "--trials", "2", "--out", str(tmp_path / "s"), "--startup-trials", "1"]
    assert main([*given, "--freeze", f"{DEPTH}=2", "--narrow", f"{RATE}=[0.0001,0.0002]", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events].count("trial_ended") == 2
    assert events[-1]["event"] == "job_finished"
    assert events[-1]["result"]["states"] == {"complete": 2}
    assert main(given) == 0
    out = capsys.readouterr().out
    assert "2 complete" in out
    assert "too good" in out  # the best of many by the scores that chose it


@pytest.mark.parametrize(
    "given",
    [
        ["search"],
        ["search", "r.yaml", "--worker"],
        ["search", "r.yaml", "--freeze", "nothing"],
        ["search", "--study", "x", "--seed", "3"],
        ["search", "--study", "x", "--worker", "--trials", "3"],
    ],
)
def test_a_mistake_on_the_command_line_is_two(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 2
    assert "Traceback" not in capsys.readouterr().err
