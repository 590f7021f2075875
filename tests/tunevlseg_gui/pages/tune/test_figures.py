"""Figures of the strategies: in which order they are asked, when asking ends, what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from engine.contract.events import JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import CheckRecipe, Estimate
from tunevlseg_gui.pages.tune.figures import Figures, key_of

RECIPES = {name: {"name": "run", "strategy": {"name": name}} for name in ("coop", "vpt", "maple")}


@pytest.fixture
def figures(qapp: object, later: Any) -> Figures:
    return Figures(later)


def strategies(later: Any, kind: type) -> list[str]:
    return [job.recipe["strategy"]["name"] for job in later.jobs(kind)]


def answer_all(later: Any, kind: type, times: int, **result: Any) -> None:
    for _ in range(times):
        later.answer(kind, JobFinished("job", result))


def test_counts_come_before_times_and_the_chosen_one_first(figures: Figures, later: Any) -> None:
    figures.look_at(RECIPES, "vpt", measure=True)
    assert figures.waiting("coop")
    answer_all(later, CheckRecipe, 3, learned=5, total=10)
    assert strategies(later, CheckRecipe) == ["vpt", "coop", "maple"]
    assert figures.learned("maple") == {"learned": 5, "total": 10}
    assert figures.asking("vpt")
    answer_all(later, Estimate, 3, total=7.0)
    assert strategies(later, Estimate) == ["vpt", "coop", "maple"]
    assert figures.takes("coop") == {"total": 7.0}
    assert not figures.asking("maple")


def test_what_was_answered_is_not_asked_again(figures: Figures, later: Any) -> None:
    figures.look_at(RECIPES, "vpt", measure=True)
    answer_all(later, CheckRecipe, 3)
    answer_all(later, Estimate, 3, total=7.0)
    asked = len(later.asked)
    figures.drop()
    figures.look_at({name: {**recipe, "name": "another"} for name, recipe in RECIPES.items()}, "coop", measure=True)
    assert len(later.asked) == asked
    assert figures.measured({**RECIPES["vpt"], "name": "third"}) == {"total": 7.0}
    changed = {**RECIPES, "coop": {"name": "run", "strategy": {"name": "coop", "prompt_depth": 2}}}
    figures.look_at(changed, "coop", measure=True)
    assert len(later.asked) == asked + 1


def test_without_measuring_only_counts_are_asked_and_a_measurement_ends(figures: Figures, later: Any) -> None:
    figures.look_at(RECIPES, "vpt", measure=False)
    answer_all(later, CheckRecipe, 3)
    assert later.jobs(Estimate) == []
    figures.look_at(RECIPES, "vpt", measure=True)
    assert figures.asking("vpt")
    figures.look_at(RECIPES, "vpt", measure=False)
    assert later.cancelled == [f"job-{len(later.asked)}"]
    later.answer(Estimate, JobCancelled("job"))
    assert len(later.jobs(Estimate)) == 1


def test_one_that_fails_says_so_and_the_others_go_on(figures: Figures, later: Any) -> None:
    figures.look_at(RECIPES, "vpt", measure=False)
    later.answer(CheckRecipe, JobFailed("job", "strategy.prompt_depth: too deep.", error="OutOfRange"))
    assert figures.learned("vpt") == {"problem": "strategy.prompt_depth: too deep."}
    assert strategies(later, CheckRecipe) == ["vpt", "coop"]


def test_the_name_of_a_run_decides_nothing() -> None:
    assert key_of({"name": "a", "seed": 1}) == key_of({"name": "b", "seed": 1}) != key_of({"name": "a", "seed": 2})
