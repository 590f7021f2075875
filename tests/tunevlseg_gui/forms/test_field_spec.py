"""Settings as pydantic describes them become fields with limits, in words."""

from __future__ import annotations

from typing import Literal

import pytest

from engine.config.fields import Settings, setting
from tunevlseg_gui.forms.field_spec import FieldSpec, fields_of, in_figures


class Sample(Settings):
    name: Literal["vpt"] = "vpt"
    prompt_depth: int = setting(9, "Layers.", ge=1, le=12)
    learning_rate: float = setting(2e-4, "Step.", gt=0, le=1, search=(1e-5, 5e-3), log=True)
    upsampler: Literal["none", "add"] = setting("none", "Which.")
    previews: bool = setting(True, "Pictures.", expert=True)
    grad_clip: float | None = setting(None, "Largest norm.", gt=0, unit="norm")
    words: str | list[str] | None = setting("a photo of a", "Start.")
    sizes: tuple[int, ...] = setting((), "Not for a form.")


@pytest.fixture
def specs() -> dict[str, FieldSpec]:
    return {spec.name: spec for spec in fields_of(Sample.model_json_schema())}


def test_each_kind_is_recognised_and_what_no_form_can_show_is_left_out(specs: dict[str, FieldSpec]) -> None:
    kinds = {name: spec.kind for name, spec in specs.items()}
    assert kinds == {
        "prompt_depth": "int",
        "learning_rate": "float",
        "upsampler": "choice",
        "previews": "bool",
        "grad_clip": "float",
        "words": "text",
    }
    assert specs["grad_clip"].optional
    assert specs["grad_clip"].unit == "norm"
    assert specs["previews"].expert
    assert specs["learning_rate"].log
    assert specs["upsampler"].choices == ("none", "add")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("prompt_depth", 12, ""),
        ("prompt_depth", 13, "Must be at most 12."),
        ("prompt_depth", 2.5, "Enter a whole number."),
        ("learning_rate", 0, "Must be above 0."),
        ("learning_rate", "fast", "Enter a number."),
        ("learning_rate", None, "A value is needed."),
        ("grad_clip", None, ""),
        ("upsampler", "blend", "Choose one of: none, add."),
    ],
)
def test_what_is_wrong_is_said_in_words(specs: dict[str, FieldSpec], field: str, value: object, told: str) -> None:
    assert specs[field].problem(value) == told


def test_a_cap_lowers_limit_and_default_and_says_why(specs: dict[str, FieldSpec]) -> None:
    capped = specs["prompt_depth"].capped(6, "Starter has 6 image layers")
    assert (capped.default, capped.high) == (6, 6)
    assert capped.problem(7) == "Must be at most 6 (Starter has 6 image layers)."
    assert specs["prompt_depth"].capped(20, "more") is specs["prompt_depth"]


@pytest.mark.parametrize(("value", "said"), [(0.5, "0.5"), (1000, "1000"), (1e6, "1,000,000"), (2e-4, "0.0002")])
def test_figures_of_a_limit_can_be_read(value: float, said: str) -> None:
    assert in_figures(value) == said
