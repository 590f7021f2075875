"""One run from a recipe: refusals before anything is opened, and pauses while it runs."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.contract import wire
from engine.contract.commands import Pause, Resume
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, OutOfRange
from engine.contract.events import EpochEnded, Event, Log, Paused, Resumed
from engine.contract.jobs import Tune
from engine.jobs import tune
from engine.runs import commands, layout
from engine.runs.writer import read_metrics
from engine.synthetic.sample_data import write_dataset
from tests.fakes.recipes import write_recipe


@pytest.mark.parametrize(("words", "depth"), [(["a photo of", "a drawing of the"], 2), (["red disc " * 9] * 2, 2)])
def test_words_that_cannot_be_used_are_refused_first(
    tiny_weights: Path, tmp_path: Path, words: list[str], depth: int
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "data": {"folder": str(tmp_path / "not opened")},
                "model": {"weights": str(tiny_weights)},
                "strategy": {"name": "coop", "prompt_depth": depth, "initialise_from": words},
                "training": {"device": "cpu", "threads": 1},
            }
        )
    )
    out = tmp_path / "run"
    with pytest.raises(OutOfRange) as caught:
        tune.run(Tune(str(recipe), str(out)), lambda event: None, CancelToken(), "job")
    assert caught.value.field == "strategy.initialise_from"
    assert not out.exists()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=12)
    return folder


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_a_running_run_pauses_and_goes_on(tiny_weights: Path, tmp_path: Path, drawn: Path) -> None:
    """By commands in the run folder, as the window gives them; both are told when they are obeyed."""
    recipe = write_recipe(tmp_path, tiny_weights, drawn, epochs=3)
    out, events = tmp_path / "run", []
    given: set[str] = set()

    def hear(event: Event) -> None:
        events.append(event)
        if isinstance(event, EpochEnded) and "pause" not in given:
            given.add("pause")
            commands.tell(out, Pause())
            # The watcher reads five times a second: the next step may only begin once it has.
            deadline = time.monotonic() + 20
            while not lines_of(out / "changes.jsonl") and time.monotonic() < deadline:
                threading.Event().wait(0.01)
        if isinstance(event, Paused):
            commands.tell(out, Resume())

    result = tune.run(Tune(str(recipe), str(out)), hear, CancelToken(), "job")
    order = [type(event).__name__ for event in events if isinstance(event, EpochEnded | Paused | Resumed)]
    assert order == ["EpochEnded", "Paused", "Resumed", "EpochEnded", "EpochEnded"]
    assert result["epochs"] == 3
    kept = [wire.event_from_line(line) for line in lines_of(out / "events.jsonl")]
    assert {"Paused", "Resumed"} <= {type(event).__name__ for event in kept}


def kept(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    return found


def test_a_run_that_goes_on_computes_as_it_did(tiny_weights: Path, tmp_path: Path, drawn: Path) -> None:
    """What was settled before the first step is kept with the run, and not measured again."""
    recipe = write_recipe(tmp_path, tiny_weights, drawn, epochs=3, precision="bf16", images_at_once=3)
    straight = tmp_path / "straight"
    tune.run(Tune(str(recipe), str(straight)), lambda event: None, CancelToken(), "job")
    assert kept(straight)["plan"]["precision"] == "bf16"
    assert kept(straight)["plan"]["images_at_once"] == 3
    assert kept(straight)["estimate"]["images_at_once"] == 3
    assert kept(straight)["packages"]["torch"]

    out, cancel, events = tmp_path / "broken", CancelToken(), []

    def stop(event: Event) -> None:
        if isinstance(event, EpochEnded):
            cancel.cancel()

    with pytest.raises(Cancelled):
        tune.run(Tune(str(recipe), str(out)), stop, cancel, "job")
    plan = kept(out)["plan"]
    tune.run(Tune("", resume=str(out)), events.append, CancelToken(), "job")
    assert kept(out)["plan"] == plan
    assert not any(isinstance(event, Log) and event.message.startswith("At most") for event in events)
    columns = [name for name in layout.METRIC_COLUMNS if name != "seconds"]
    rows = [[[row[name] for name in columns] for row in read_metrics(run)] for run in (straight, out)]
    assert rows[0] == rows[1]


def test_the_largest_batch_is_found_and_written_down(tiny_weights: Path, tmp_path: Path, drawn: Path) -> None:
    """A number in the run's own recipe: whoever repeats the run gets the same one."""
    recipe = write_recipe(tmp_path, tiny_weights, drawn, epochs=1, min_epochs=1, batch_size="largest")
    out, events = tmp_path / "run", []
    tune.run(Tune(str(recipe), str(out)), events.append, CancelToken(), "job")
    found = yaml.safe_load((out / layout.RECIPE).read_text())["training"]["batch_size"]
    assert found == 10  # all of the 12 images that are for training: this machine's memory holds many more
    assert any(isinstance(event, Log) and "largest batch" in event.message for event in events)
