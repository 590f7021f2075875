"""Recipes: complete on reading, every mistake named by its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.contract.errors import InputError, OutOfRange, RecipeError, UnknownName, WeightsMissing
from engine.models.importing import import_weights
from engine.recipe import make_recipe, read_recipe


@pytest.fixture
def values(tiny_weights: Path, tmp_path: Path) -> dict[str, Any]:
    return {
        "version": 1,
        "name": "test",
        "data": {"folder": str(tmp_path)},
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 2},
    }


def test_what_is_kept_is_complete_and_reads_the_same(values: dict[str, Any], tmp_path: Path) -> None:
    recipe = make_recipe(values)
    kept = tmp_path / "recipe.yaml"
    kept.write_text(recipe.to_yaml())
    again = read_recipe(kept)
    assert again.to_values() == recipe.to_values()
    assert len(recipe.model.sha256) == 64
    assert recipe.to_values()["training"]["epochs"] == 20


def test_paths_start_at_the_recipes_own_folder(values: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "images-of-mine").mkdir()
    values["data"] = {"folder": "images-of-mine"}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(values))
    assert read_recipe(tmp_path / "recipe.yaml").data.folder == str(tmp_path / "images-of-mine")


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"strategy": {"name": "vtp"}}, UnknownName, "strategy.name"),
        ({"strategy": {}}, UnknownName, "strategy.name"),
        ({"strategy": {"name": "vpt", "prompt_dept": 2}}, UnknownName, "strategy.prompt_dept"),
        ({"strategy": {"name": "vpt", "prompt_depth": 99}}, OutOfRange, "strategy.prompt_depth"),
        ({"strategy": {"name": "vpt", "prompt_depth": 4}}, OutOfRange, "strategy.prompt_depth"),  # the model has 3
        ({"strategy": {"name": "coop", "prompt_depth": 4}}, OutOfRange, "strategy.prompt_depth"),
        ({"training": {"learning_rate": -1}}, OutOfRange, "training.learning_rate"),
        ({"training": {"learning_rate": "fast"}}, OutOfRange, "training.learning_rate"),
        ({"data": {"split": {"train": 0.9, "val": 0.9, "test": 0.1}}}, RecipeError, "data.split"),
        ({"model": {"weights": "no-such-weights"}}, WeightsMissing, "model.weights"),
        ({"modle": {}}, UnknownName, "modle"),
        ({"version": 2}, OutOfRange, "version"),
        ({"seed": -1}, OutOfRange, "seed"),
    ],
)
def test_a_mistake_is_named_by_its_path(
    values: dict[str, Any], change: dict[str, Any], error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as caught:
        make_recipe({**values, **change})
    assert caught.value.field == field  # type: ignore[attr-defined]


def test_other_weights_than_the_recipe_names_are_refused(values: dict[str, Any]) -> None:
    values["model"]["sha256"] = "0" * 64
    with pytest.raises(WeightsMissing, match="not the file this was made with"):
        make_recipe(values)


def test_the_card_recommends_and_the_recipe_decides(values: dict[str, Any], tiny_weights: Path) -> None:
    card = tiny_weights / "README.md"
    card.write_text(
        "---\nrecommended:\n  vpt:\n    strategy: {num_context: 7, prompt_depth: 3}\n"
        "    training: {learning_rate: 0.05, epochs: 5}\n---\n# A card\n"
    )
    try:
        recipe = make_recipe({**values, "training": {"epochs": 9}})
    finally:
        card.unlink()
    chosen = recipe.to_values()
    assert chosen["strategy"]["num_context"] == 7
    assert chosen["strategy"]["prompt_depth"] == 2
    assert (chosen["training"]["learning_rate"], chosen["training"]["epochs"]) == (0.05, 9)


def test_a_recipe_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(InputError):
        read_recipe(tmp_path / "recipe.yaml")


def test_an_installed_id_is_not_mistaken_for_a_folder_of_that_name(
    values: dict[str, Any], tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_weights(tiny_weights, "mine")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bundle.yaml").write_text("format_version: 1")
    monkeypatch.chdir(tmp_path)
    values["model"]["weights"] = "mine"
    assert make_recipe(values, folder=tmp_path).model.weights == "mine"
