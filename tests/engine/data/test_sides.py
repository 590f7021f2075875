"""Which phrases name a side, and what is then refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.assemble import Listener, inspect_for
from engine.contract.control import CancelToken
from engine.contract.errors import OutOfRange
from engine.data.config import DataConfig, LabelConfig
from engine.data.sides import check_sides, side_word
from engine.recipe import make_recipe, read_recipe

HORIZONTAL = [
    *("left lung", "LEFT ventricle", "kidney_L", "kidney-r", "R kidney", "LeftLung", "rt. lobe", "left-sided mass"),
    *("the leftmost tooth", "atrio sinistro", "rechte Niere", "poumon gauche", "riñón derecho"),
]
NEITHER = [
    "polyp",
    "bright spot",
    "L4 vertebra",
    "liver",
    "cleft palate",
    "skin melanoma",
    "uprightness",
    "stopped vessel",
]
VERTICAL = ["upper lobe", "the lower jaw", "bottom blob", "Superior vena cava", "posterior wall", "lobe_upper"]


@pytest.mark.parametrize("text", HORIZONTAL)
def test_words_of_left_and_right(text: str) -> None:
    assert side_word(text, vertical=False)
    assert not side_word(text, vertical=True)


@pytest.mark.parametrize("text", VERTICAL)
def test_words_of_upper_and_lower(text: str) -> None:
    assert side_word(text, vertical=True)
    assert not side_word(text, vertical=False)


@pytest.mark.parametrize("text", NEITHER)
def test_words_of_neither(text: str) -> None:
    assert not side_word(text, vertical=False)
    assert not side_word(text, vertical=True)


@pytest.mark.parametrize(
    ("settings", "label", "field"),
    [
        ({"flip_horizontal": True}, {"phrase": "left lung", "name": "lung"}, "data.flip_horizontal"),
        ({"flip_horizontal": True}, {"phrase": "lung", "name": "lung_L"}, "data.flip_horizontal"),
        ({"flip_horizontal": True}, {"phrase": "lung", "alternatives": ["left lung"]}, "data.flip_horizontal"),
        ({"flip_vertical": True}, {"phrase": "upper lobe"}, "data.flip_vertical"),
        ({"rotate": 46}, {"phrase": "left lung"}, "data.rotate"),
        ({"rotate": 180}, {"phrase": "upper lobe"}, "data.rotate"),
        ({"flip_horizontal": True}, {"phrase": "upper lobe"}, ""),
        ({"flip_vertical": True, "rotate": 45}, {"phrase": "left lung"}, ""),
        ({"flip_horizontal": True, "flip_vertical": True, "rotate": 180}, {"phrase": "polyp"}, ""),
        ({}, {"phrase": "left upper lobe"}, ""),
    ],
)
def test_what_is_refused(settings: dict[str, Any], label: dict[str, Any], field: str) -> None:
    config = DataConfig.model_validate(settings)
    labels = [LabelConfig(value=1, name="first"), LabelConfig(value=2, **{"name": "second", **label})]
    if not field:
        check_sides(config, labels)
        return
    with pytest.raises(OutOfRange, match="names a side") as caught:
        check_sides(config, labels)
    assert caught.value.field == field
    assert field in caught.value.hint


def test_a_recipe_with_such_labels_is_refused_at_once(tiny_weights: Path, tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "data": {"folder": str(tmp_path), "flip_horizontal": True, "labels": [{"value": 1, "phrase": "left lung"}]},
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": "zero_shot"},
    }
    with pytest.raises(OutOfRange) as caught:
        make_recipe(values)
    assert caught.value.field == "data.flip_horizontal"


def test_a_phrase_found_in_the_folder_is_refused_before_tuning(tiny_weights: Path, tmp_path: Path, make: Any) -> None:
    make.pairs(tmp_path / "left lung")
    recipe = tmp_path / "recipe.yaml"
    values = {
        "data": {"folder": str(tmp_path / "left lung")},
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": "zero_shot"},
    }
    recipe.write_text(yaml.safe_dump(values))
    hear = Listener(lambda event: None, CancelToken(), "job")
    inspect_for(read_recipe(recipe), hear)
    with pytest.raises(OutOfRange, match="left lung") as caught:
        inspect_for(read_recipe(recipe, ["data.flip_horizontal=true"]), hear)
    assert caught.value.field == "data.flip_horizontal"
