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
        ({n: [Curve(0.9, 0.4, 0.5).at(n)] * 4 for n in SIZES}, "test cases"),
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


def test_labels_of_one_patient_are_one_test_case() -> None:
    """Five copies of each score say no more than one of it."""
    lone = drawn(Curve(0.85, 0.5, 0.5), 0.05, pairs=12)
    five = {size: [value for value in values for _ in range(5)] for size, values in lone.items()}
    names = [at for at in range(12) for _ in range(5)]
    once, again, blind = advise(lone), advise(five, clusters=names), advise(five)
    assert (again.low, again.high) == pytest.approx((once.low, once.high))
    assert blind.high - blind.low < again.high - again.low
    few = advise({size: values[:20] for size, values in five.items()}, clusters=names[:20])
    assert "only 4 test cases" in few.told()
    with pytest.raises(ValueError, match="clusters"):
        advise(lone, clusters=["a"])


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
def test_scores_that_are_all_alike_promise_nothing(score: float) -> None:
    advice = advise({size: [score] * 20 for size in SIZES})
    assert "will not bring" in advice.told()
    assert "more cases did not help here" in advice.told()


def test_sizes_beyond_what_there_is_are_all_cases() -> None:
    assert sizes_up_to(6, [2, 50, 100, -1]) == [2, 6]
