"""YAML ↔ settings: every error names the field and says what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.fields import Settings, setting
from engine.config.yaml_io import apply_overrides, build, load_yaml
from engine.contract.errors import InputError, OutOfRange, RecipeError, UnknownName


class Inner(Settings):
    prompt_depth: int = setting(1, "Layers.", ge=1, le=12)


class Outer(Settings):
    strategy: Inner = Inner()
    name: str = "x"


def test_an_unknown_key_is_named_by_its_path_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match=r"strategy\.promt_depth.*prompt_depth") as caught:
        build(Outer, {"strategy": {"promt_depth": 3}})
    assert caught.value.field == "strategy.promt_depth"


def test_a_value_out_of_range_says_what_is_allowed() -> None:
    with pytest.raises(OutOfRange, match=r"strategy\.prompt_depth.*12.*got 40"):
        build(Outer, {"strategy": {"prompt_depth": 40}})


def test_a_path_before_the_field() -> None:
    with pytest.raises(OutOfRange) as caught:
        build(Inner, {"prompt_depth": "deep"}, path="strategy")
    assert caught.value.field == "strategy.prompt_depth"


def test_overrides_are_read_as_yaml_and_leave_the_original_alone() -> None:
    values = {"strategy": {"prompt_depth": 1}}
    changed = apply_overrides(values, ["strategy.prompt_depth=3", "training.device=cpu", "data.labels=[]"])
    assert changed == {"strategy": {"prompt_depth": 3}, "training": {"device": "cpu"}, "data": {"labels": []}}
    assert values == {"strategy": {"prompt_depth": 1}}


@pytest.mark.parametrize("override", ["strategy.prompt_depth", "=3", "name.deeper=1", "a=[1"])
def test_a_bad_override_is_told(override: str) -> None:
    with pytest.raises(RecipeError):
        apply_overrides({"name": "x"}, [override])


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_yaml(tmp_path / "missing.yaml")
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(RecipeError):
        load_yaml(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(RecipeError, match="not valid YAML"):
        load_yaml(tmp_path / "broken.yaml")
    (tmp_path / "code.yaml").write_text("a: !!python/object/apply:os.system ['true']")
    with pytest.raises(RecipeError):
        load_yaml(tmp_path / "code.yaml")


@pytest.mark.parametrize("text", ["name: 2024-13-45", "name: " + "[" * 5000])
def test_what_only_looks_like_yaml_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match="not valid YAML"):
        load_yaml(path)
    with pytest.raises(RecipeError, match="not valid YAML"):
        apply_overrides({}, [f"name={text.removeprefix('name: ')}"])
