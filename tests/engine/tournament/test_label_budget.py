"""The label budget: a curve that is known is found again; what cannot be said is said so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.tournament.label_budget import Curve, advise, fit, sizes_up_to

SIZES = (1, 2, 4, 8, 16, 32)


def drawn(curve: Curve, noise: float, pairs: int = 60, seed: int = 0) -> dict[int, list[float]]:
    random = np.random.default_rng(seed)
    hardness = random.normal(0, noise, pairs)
    return {n: list(curve.at(n) + hardness + random.normal(0, noise / 4, pairs)) for n in SIZES}


def test_a_known_curve_is_found_again() -> None:
    true = Curve(0.85, 0.5, 0.6)
    found = fit(np.array(SIZES, float), np.array([true.at(n) for n in SIZES]))
    assert (found.a, found.b, found.c) == pytest.approx((true.a, true.b, true.c), abs=0.02)
    assert true.cases_for(true.at(50)) == pytest.approx(50)
    assert math.isinf(true.cases_for(0.86))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    true = Curve(0.85, 0.5, 0.5)
    wanted = true.cases_for(true.at(32) + 0.02) - 32
    held = 0
    for seed in range(100):
        advice = advise(drawn(true, 0.05, seed=seed))
        held += advice.low <= wanted <= advice.high
    assert held >= 85  # 95 of 100; a bootstrap of 60 pairs is a little too sure


def test_it_is_told_in_words() -> None:
    advice = advise(drawn(Curve(0.9, 0.5, 0.5), 0.02))
    assert "more labelled cases for +0.02 Dice" in advice.told()
    assert not advice.unreliable


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({n: [0.7] * 20 for n in SIZES}, "did not help"),
        ({n: [Curve(0.9, 0.4, 0.5).at(n)] * 4 for n in SIZES}, "test scores"),
        ({n: [Curve(0.9, 0.4, 0.5).at(n)] * 20 for n in (1, 2, 4)}, "sizes were tried"),
        ({n: [Curve(0.9, 0.15, 0.15).at(n)] * 20 for n in SIZES}, "beyond what was tried"),
        ({n: [value] * 20 for n, value in zip(SIZES, (0.2, 0.7, 0.3, 0.8, 0.4, 0.9), strict=True)}, "off the curve"),
    ],
)
def test_what_is_not_to_be_trusted_says_so(scores: dict[int, list[float]], why: str) -> None:
    advice = advise(scores, gain=0.02)
    assert any(why in reason for reason in advice.unreliable)
    assert "Not reliable" in advice.told()


def test_a_level_curve_promises_nothing() -> None:
    advice = advise(drawn(Curve(0.8, 0.5, 2.5), 0.01))
    assert math.isinf(advice.more)
    assert "levels off" in advice.told()


def test_sizes_double_up_to_all_cases() -> None:
    assert sizes_up_to(80) == [1, 2, 4, 8, 16, 32, 64, 80]
    assert sizes_up_to(8) == [1, 2, 4, 8]
    assert sizes_up_to(5, [1, 3, 9, 0]) == [1, 3, 5]
