"""Task files, tuned and evaluated with their own prompts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.assemble import Listener, check_texts, make_network, make_split
from engine.contract.control import CancelToken
from engine.contract.events import Log
from engine.contract.jobs import Evaluate, Tune
from engine.jobs.evaluate import run as evaluate
from engine.jobs.tune import run as tune
from engine.recipe import make_recipe
from tests.fakes import drawn_layouts as draw


def _recipe(folder: Path, weights: Path, **data: Any) -> dict[str, Any]:
    return {
        "data": {"folder": str(folder), **data},
        "model": {"weights": str(weights)},
        "strategy": {"name": "coop", "num_context": 2, "initialise_from": None},
        "training": {"epochs": 2, "batch_size": 2, "device": "cpu", "threads": 1, "previews": False},
    }


@pytest.mark.parametrize("prompt", ["p1", "random", "location", "p0"])
def test_a_run_says_what_the_dataset_says(prompt: str, tmp_path: Path, tiny_weights: Path) -> None:
    draw.task_files(tmp_path / "data")
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(_recipe(tmp_path / "data", tiny_weights, prompt=prompt)))
    done = [
        tune(Tune(str(path), out=str(tmp_path / name)), lambda event: None, CancelToken(), "j") for name in ("a", "b")
    ]
    assert done[0]
    table = [(tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("a", "b")]
    seconds = table[0][0].split(",").index("seconds")
    kept = [[[cell for at, cell in enumerate(line.split(",")) if at != seconds] for line in one] for one in table]
    assert kept[0] == kept[1]
    found = evaluate(Evaluate(str(tmp_path / "a")), lambda event: None, CancelToken(), "j")
    # c has a task of one label only: the other is not scored.
    assert [row["n"] for row in found["summary"]] == [1]
    assert found["summary"][0]["label"] == "Cavity of the heart"


def test_prompts_that_are_cut_are_told(tmp_path: Path, tiny_weights: Path) -> None:
    draw.task_files(tmp_path / "data")
    recipe = make_recipe(_recipe(tmp_path / "data", tiny_weights, override_prompt="red " * 90))
    network = make_network(recipe)
    events: list[Any] = []
    hear = Listener(events.append, CancelToken(), "j")
    from engine.assemble import inspect_for

    check_texts(network, make_split(network, inspect_for(recipe, hear), "train", hear), hear)
    assert any(isinstance(event, Log) and "longer than the model takes" in event.message for event in events)
