"""Search ranges of model cards: the starters' own, and how those of `all` and of a strategy go together."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.models.card import ModelCard, read_card
from engine.synthetic.card import search_ranges

WEIGHTS = Path(__file__).resolve().parents[3] / "resources" / "models"
RECOMMENDED = {
    "vpt": {"training": {"learning_rate": 0.02}},
    "shared_attention": {"strategy": {"feed_forward": 320}, "training": {"learning_rate": 0.01}},
    "zero_shot": {},
    "odd": {"strategy": {"feed_forward": 320}},
}


def test_ranges_lie_around_what_is_recommended() -> None:
    found = search_ranges(RECOMMENDED)
    low, high = found["vpt"]["training"]["learning_rate"]["range"]
    assert (low, high) == pytest.approx((0.001, 0.1))  # two decades
    assert found["shared_attention"]["strategy"]["feed_forward"]["choices"] == [256, 320, 384]
    assert "zero_shot" not in found
    assert "learning_rate" not in found["odd"].get("training", {})


def test_a_strategys_ranges_stand_beside_those_of_all() -> None:
    card = ModelCard.model_validate({"search": search_ranges(RECOMMENDED)})
    training = card.searched_for("vpt")["training"]
    assert set(training) == {"learning_rate", "weight_decay"}
    assert training["learning_rate"]["log"] is True
    assert set(card.searched_for("coop")["training"]) == {"weight_decay"}
    assert ModelCard().searched_for("vpt") == {}
    choice = card.searched_for("shared_attention")["strategy"]["feed_forward"]
    assert "range" not in choice
    assert [type(value) for value in choice["choices"]] == [int, int, int]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"range": [1, 2], "choices": [1]},
        {"range": [2, 1]},
        {"range": [1, 1]},
        {"choices": []},
        {"range": [0, 1], "log": True},
        {"range": [1, float("inf")]},
        {"range": [1, 2], "step": 1},
    ],
)
def test_a_range_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModelCard.model_validate({"search": {"all": {"training": {"learning_rate": wrong}}}})


@pytest.mark.parametrize("starter", ["starter", "starter-cris"])
def test_a_starters_ranges_hold_what_it_recommends(starter: str) -> None:
    card = read_card(WEIGHTS / starter)
    assert "coop" in card.recommended
    for strategy, groups in card.recommended.items():
        ranges = card.searched_for(strategy)
        assert strategy == "zero_shot" or "learning_rate" in ranges["training"], strategy
        for group, settings in ranges.items():
            for name, found in settings.items():
                value = groups.get(group, {}).get(name)
                if value is not None:
                    low, high = found.get("range") or (min(found["choices"]), max(found["choices"]))
                    assert low <= value <= high, (strategy, name)
