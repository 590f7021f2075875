"""A dataset and base weights as they are, before anything is tuned."""

from __future__ import annotations

from typing import Any

from engine.assemble import Listener, Network, inspect_for, make_network
from engine.contract.errors import InputError
from engine.data.findings import DatasetReport
from engine.models.weights import find_weights
from engine.recipe import Recipe, make_recipe


def untuned_recipe(data: dict[str, Any], weights: str, seed: int) -> Recipe:
    """The recipe that tunes nothing. `data` as in a recipe. Raises RecipeError, WeightsMissing."""
    if not data.get("folder"):
        raise InputError("No dataset is named.", hint="Open a folder with images and masks.", field="data.folder")
    model = {"name": find_weights(weights).model, "weights": weights}
    return make_recipe({"seed": seed, "data": data, "model": model, "strategy": {"name": "zero_shot"}})


def open_untuned(data: dict[str, Any], weights: str, seed: int, hear: Listener) -> tuple[Network, DatasetReport]:
    """The network without learned words, and the dataset. Raises RecipeError, WeightsMissing, DatasetIncomplete."""
    recipe = untuned_recipe(data, weights, seed)
    report = inspect_for(recipe, hear)
    hear.cancel.check()
    return make_network(recipe, [label.name for label in report.labels]), report
