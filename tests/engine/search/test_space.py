"""What is searched: declared ranges, cut to the weights; the card's ranges where it has some."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from engine.contract.errors import RecipeError
from engine.recipe import Recipe, make_recipe
from engine.search.space import Parameter, space_of, varied

PUBLISHED = {"coop", "cocoop", "vpt", "maple", "shared_attention", "shared_separate"}


def test_published_ranges_are_cut_to_the_layers_of_the_network(recipe: Recipe) -> None:
    space = {parameter.path: parameter for parameter in space_of(recipe, "published")}
    layers = recipe.weights().limits()["image_layers"]
    assert layers < 11
    assert space["strategy.prompt_depth"] == Parameter("strategy.prompt_depth", "int", 1, layers)
    assert space["training.learning_rate"] == Parameter("training.learning_rate", "float", 1e-5, 5e-3, True)
    assert space["training.weight_decay"] == Parameter("training.weight_decay", "float", 1e-5, 1e-2, True)
    assert set(space) == {"strategy.prompt_depth", "training.learning_rate", "training.weight_decay"}


@pytest.mark.parametrize("strategy", sorted(PUBLISHED))
def test_every_value_of_a_space_makes_a_recipe(recipe: Recipe, strategy: str) -> None:
    """With the others as the recipe has them: nothing is proposed that the first step refuses."""
    base = make_recipe({**recipe.to_values(), "strategy": {"name": strategy, "prompt_depth": 2}, "training": {}})
    space = space_of(base, "published")
    assert any(parameter.path.startswith("strategy.") for parameter in space)
    for parameter in space:
        for value in parameter.choices or (parameter.low, parameter.high):
            if parameter.kind == "int":
                value = int(value)
            made = make_recipe(yaml.safe_load(varied(base, {parameter.path: value}, "trial")))
            group, name = parameter.path.split(".")
            assert getattr(getattr(made, group), name) == value


def test_a_card_names_its_own_ranges(recipe: Recipe, tiny_weights: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_weights, own)
    (own / "README.md").write_text(
        "---\nsearch:\n  all: {training: {learning_rate: {range: [0.01, 0.1], log: true}}}\n"
        "  vpt: {strategy: {num_context: {choices: [2, 4]}}}\n---\n"
    )
    values = recipe.to_values()
    made = make_recipe({**values, "model": {**values["model"], "weights": str(own)}})
    space = {parameter.path: parameter for parameter in space_of(made)}
    assert space["training.learning_rate"].low == 0.01
    assert space["strategy.num_context"].choices == (2, 4)
    assert space["training.weight_decay"].high == 1e-2  # the published one, where the card says nothing
    assert space_of(made, "published") == space_of(recipe, "published")


def test_what_cannot_be_searched_is_said(recipe: Recipe) -> None:
    with pytest.raises(RecipeError, match="names no search ranges"):
        space_of(recipe, "card")
    nothing = make_recipe({**recipe.to_values(), "strategy": {"name": "zero_shot"}})
    with pytest.raises(RecipeError, match="Nothing learns"):
        space_of(nothing)
