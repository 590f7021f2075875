"""The recipes that come with the program: one for every pair that works, and each of them builds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.assemble import make_network
from engine.models.weights import is_installed
from engine.recipe import read_recipe
from engine.strategies import STRATEGIES

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "presets"
PRESETS = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "recipe.full.yaml")


def test_every_strategy_has_one_on_clipseg() -> None:
    names = {path.stem for path in PRESETS}
    assert {f"clipseg-{name}" for name in STRATEGIES.names()} <= names


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_it_builds_against_its_weights(path: Path) -> None:
    weights = "starter-cris" if path.stem.startswith("cris") else "starter"
    if not is_installed(weights):
        pytest.skip(f"{weights} is not installed")
    torch.set_num_threads(1)
    recipe = read_recipe(path, ["training.device=cpu"])
    assert recipe.name == path.stem == f"{recipe.model.name}-{recipe.strategy_name}"
    assert recipe.model.weights == weights
    network = make_network(recipe)
    learned = sum(parameter.numel() for parameter in network.tuned.learned().values())
    assert (learned == 0) is (recipe.strategy_name == "zero_shot")
