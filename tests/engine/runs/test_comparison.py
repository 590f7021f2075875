"""Settings that differ are found wherever they are; repetitions are averaged case by case."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runs.comparison import ABSENT, averaged, differing_settings
from engine.runs.scores import CaseScore, Evaluation


def test_only_what_differs_is_told() -> None:
    one = {"seed": 1, "data": {"folder": "a"}, "strategy": {"name": "vpt", "prompt_depth": 3, "gate": None}}
    other = {"seed": 1, "data": {"folder": "a"}, "strategy": {"name": "coop", "prompt_depth": 3, "words": [1, 2]}}
    assert dict(differing_settings([one, other])) == {
        "strategy.name": ["vpt", "coop"],
        "strategy.gate": ["none", ABSENT],
        "strategy.words": [ABSENT, "[1, 2]"],
    }
    assert differing_settings([one, one, one]) == []


def test_values_are_told_as_a_recipe_has_them() -> None:
    one, other = {"a": True, "b": [False, None], "c": 0.5}, {"a": False, "b": [], "c": 1}
    assert dict(differing_settings([one, other])) == {
        "a": ["true", "false"],
        "b": ["[false, none]", "[]"],
        "c": ["0.5", "1"],
    }


def scored(case: str, dice: float, hd95: float | None = None) -> CaseScore:
    return CaseScore(case, "x", dice, dice / 2, 1, 10, 10, hd95, None, "px")


def test_repetitions_are_averaged_over_those_that_scored_a_case() -> None:
    one = Evaluation(Path("1"), (scored("a", 0.2, 4.0), scored("b", 0.4)), {"patients": {"a": 1, "b": 2}})
    other = Evaluation(Path("2"), (scored("a", 0.6, None), scored("c", 1.0)), {"patients": {"a": 1, "c": 3}})
    together = averaged([one, other])
    found = {row.case: (row.dice, row.hd95) for row in together.rows}
    assert found == {"a": (pytest.approx(0.4), 4.0), "b": (0.4, None), "c": (1.0, None)}
    assert together.cluster("c") == "patient 3"
    assert averaged([one]) is one
    with pytest.raises(ValueError, match="no evaluations"):
        averaged([])
