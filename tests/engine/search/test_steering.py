"""Rules: what they let through, and what they refuse to be."""

from __future__ import annotations

from typing import Any

import pytest

from engine.contract.errors import OutOfRange, UnknownName
from engine.search.space import Parameter
from engine.search.steering import Rules, as_point, ban_key, freeze_key, narrow_key

SPACE = {
    "training.learning_rate": Parameter("training.learning_rate", "float", 1e-5, 5e-3, True),
    "strategy.prompt_depth": Parameter("strategy.prompt_depth", "int", 1, 11),
    "strategy.norm_first": Parameter("strategy.norm_first", "choice", choices=(True, False)),
}


def rules(*keys: tuple[str, Any]) -> Rules:
    return Rules.of(dict(keys))


def point(rate: float = 1e-3, depth: int = 3, first: bool = True) -> dict[str, Any]:
    return {"training.learning_rate": rate, "strategy.prompt_depth": depth, "strategy.norm_first": first}


def test_frozen_narrowed_and_banned() -> None:
    held = rules(
        freeze_key("strategy.norm_first", True, SPACE),
        narrow_key("strategy.prompt_depth", [2, 4], SPACE),
        ban_key({"training.learning_rate": [1e-3, 5e-3], "strategy.prompt_depth": [4, 4]}, SPACE),
    )
    assert held.allow(point(), SPACE)
    assert not held.allow(point(first=False), SPACE)
    assert not held.allow(point(depth=5), SPACE)
    assert not held.allow(point(depth=4, rate=2e-3), SPACE)
    assert held.allow(point(depth=4, rate=1e-4), SPACE)


def test_a_rule_taken_back_is_gone() -> None:
    region = {"strategy.prompt_depth": [1, 3]}
    key, banned = ban_key(region, SPACE)
    same, lifted = ban_key(region, SPACE, lift=True)
    assert key == same
    assert not rules((key, banned)).allow(point(), SPACE)
    assert rules((key, banned), (same, lifted)).allow(point(), SPACE)
    assert rules(freeze_key("strategy.prompt_depth", None, SPACE)) == Rules()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: freeze_key("strategy.prompt_depth", 12, SPACE),
        lambda: freeze_key("strategy.prompt_depth", 2.5, SPACE),
        lambda: freeze_key("training.learning_rate", "fast", SPACE),
        lambda: freeze_key("training.learning_rate", float("nan"), SPACE),
        lambda: narrow_key("strategy.prompt_depth", [5, 3], SPACE),
        lambda: narrow_key("strategy.prompt_depth", [12, 20], SPACE),
        lambda: narrow_key("strategy.prompt_depth", [3], SPACE),
        lambda: narrow_key("strategy.norm_first", ["maybe"], SPACE),
        lambda: ban_key({}, SPACE),
        lambda: as_point({"strategy.norm_first": 3}, SPACE),
    ],
)
def test_values_outside_the_space_are_refused(wrong: Any) -> None:
    with pytest.raises(OutOfRange):
        wrong()


def test_unknown_settings_are_named() -> None:
    with pytest.raises(UnknownName, match=r"Searched: training\.learning_rate"):
        freeze_key("training.epochs", 3, SPACE)
