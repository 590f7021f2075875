"""Recipes of controls: the same but for what is learned; equal ones are known again."""

from __future__ import annotations

from typing import Any

import pytest

from engine.contract.errors import InputError
from engine.insight.control_runs import control_recipe, same_run


def recipe(**strategy: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "name": "polyps",
        "seed": 3,
        "data": {"folder": "/data/polyps", "layout": "auto"},
        "model": {"name": "clipseg", "weights": "starter", "sha256": "ab"},
        "strategy": {"name": "vpt", "upsampler": "add", "upsampler_kernel": 7, "train_last_layer": True, **strategy},
        "training": {"epochs": 5, "learning_rate": 0.1, "threads": 1, "start_from": "/runs/x"},
    }


def test_the_budget_is_the_same_and_prompts_are_gone() -> None:
    own = recipe()
    control = control_recipe(own, "upsampler_only")
    assert control["strategy"] == {
        "name": "upsampler_only",
        "upsampler": "add",
        "upsampler_kernel": 7,
        "train_last_layer": True,
    }
    assert control["training"] == {**own["training"], "start_from": ""}
    assert {name: control[name] for name in ("seed", "data", "model")} == {
        name: own[name] for name in ("seed", "data", "model")
    }
    assert control_recipe(own, "zero_shot")["strategy"] == {"name": "zero_shot"}
    assert "upsampler" not in control_recipe(recipe(upsampler="none"), "upsampler_only")["strategy"]


def test_a_control_has_no_controls() -> None:
    for name in ("zero_shot", "upsampler_only"):
        with pytest.raises(InputError, match="control itself"):
            control_recipe(recipe(name=name), "zero_shot")


def test_equal_recipes_are_known_and_others_are_not() -> None:
    own = recipe()
    renamed = {**own, "name": "other", "training": {**own["training"], "threads": 4}}
    assert same_run(own, renamed)
    assert same_run(own, {**own, "model": {**own["model"], "weights": "/elsewhere"}})
    for change in (
        {"seed": 4},
        {"data": {**own["data"], "folder": "/data/others"}},
        {"model": {**own["model"], "sha256": "cd"}},
        {"training": {**own["training"], "epochs": 6}},
        {"strategy": {**own["strategy"], "upsampler_kernel": 5}},
    ):
        assert not same_run(own, {**own, **change}), change
    longer = {**own, "training": {**own["training"], "epochs": 6}}
    assert same_run(control_recipe(own, "zero_shot"), control_recipe(longer, "zero_shot"))  # nothing learns
    assert not same_run(control_recipe(own, "upsampler_only"), control_recipe(longer, "upsampler_only"))
