"""A recipe is looked at before it is run: what it would learn, and which phrases would be cut."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from engine.assemble import make_network
from engine.contract.control import CancelToken
from engine.contract.errors import OutOfRange, RecipeError
from engine.contract.events import Event, Log
from engine.contract.jobs import CheckRecipe
from engine.jobs import check_recipe
from engine.recipe import make_recipe
from engine.strategies import STRATEGIES


def recipe(weights: Path, *phrases: str, **strategy: Any) -> dict[str, Any]:
    return {
        "data": {
            "labels": [{"value": at, "name": f"label {at}", "phrase": phrase} for at, phrase in enumerate(phrases, 1)]
        },
        "model": {"weights": str(weights)},
        "strategy": strategy,
        "training": {"device": "cpu", "threads": 1},
    }


def check(values: dict[str, Any], events: list[Event] | None = None) -> dict[str, Any]:
    return check_recipe.run(CheckRecipe(values), ([] if events is None else events).append, CancelToken(), "job")


@pytest.mark.parametrize(
    ("name", "per_label"),
    [
        (name, per_label)
        for name, config in STRATEGIES
        for per_label in ((False, True) if "per_label" in config.model_fields else (False,))
    ],
)
def test_it_says_what_tuning_will_learn(tiny_weights: Path, name: str, per_label: bool) -> None:
    fields = STRATEGIES.get(name).model_fields
    strategy = {"name": name, **({"prompt_depth": 2} if "prompt_depth" in fields else {})}
    values = recipe(tiny_weights, "polyp", "liver", **strategy, **({"per_label": True} if per_label else {}))
    found = check(values)
    network = make_network(make_recipe(values), ["label 1", "label 2"])
    assert found["learned"] == sum(parameter.numel() for parameter in network.tuned.learned().values())
    assert found["total"] == sum(parameter.numel() for parameter in network.tuned.vlsm.parameters())
    assert found["learned_words"] == network.reserve()
    in_the_text = "class_position" in fields
    assert (found["learned_words"] > 0) == in_the_text


@pytest.mark.parametrize(
    ("name", "room"), [("zero_shot", 14), ("vpt", 14), ("coop", 10), ("cocoop", 10), ("maple", 10)]
)
def test_a_phrase_that_would_be_cut_is_named(tiny_weights: Path, name: str, room: int) -> None:
    """Sixteen places: a beginning, an end, and four learned words where there are any."""
    depth = {} if name == "zero_shot" else {"prompt_depth": 2}
    words = ["red"] * (room - 1) + ["polyp"]
    events: list[Event] = []
    fits = check(recipe(tiny_weights, " ".join(words), name=name, **depth), events)
    assert (fits["problems"], events) == ([], [])
    long = check(recipe(tiny_weights, "liver", " ".join(["red", *words]), name=name, **depth), events)
    (problem,) = long["problems"]
    assert problem["kind"] == "phrase_too_long"
    assert "'label 2'" in problem["message"]
    assert "'polyp'" in problem["message"]
    (told,) = events
    assert isinstance(told, Log)
    assert told.level == "warning"


def test_what_cannot_be_run_names_its_field(tiny_weights: Path) -> None:
    with pytest.raises(OutOfRange, match="3 layers") as caught:
        check(recipe(tiny_weights, name="coop", prompt_depth=9))
    assert caught.value.field == "strategy.prompt_depth"
    with pytest.raises(RecipeError, match="strategy"):
        check({"model": {"weights": str(tiny_weights)}})


def test_the_job_is_found_by_its_name() -> None:
    from engine.contract import wire

    job, job_id = wire.job_from_line('{"job": "check_recipe", "id": "a", "recipe": {"seed": 3}}')
    assert (job, job_id) == (CheckRecipe({"seed": 3}), "a")
    assert "engine.jobs.check_recipe" in sys.modules
