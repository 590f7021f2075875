from __future__ import annotations

import math

import numpy as np

from engine.insight.phrase_scores import compared, to_values


def test_a_real_difference_is_told_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    first = rng.uniform(0.3, 0.7, 30)
    dice = np.stack(
        [first, first + 0.1 + rng.normal(0, 0.02, 30), first + rng.normal(0, 0.02, 30), first - 0.2], axis=1
    )
    rows = compared(list("abcd"), dice, [str(n) for n in range(30)], 0)
    assert [row.verdict for row in rows] == ["first", "better", "no real difference", "worse"]
    assert rows[0].difference is None
    assert rows[1].difference is not None
    assert abs(rows[1].difference.mean - 0.1) < 0.02


def test_many_wordings_of_no_worth_are_seldom_called_better() -> None:
    rng = np.random.default_rng(1)
    called = 0
    for seed in range(20):
        first = rng.uniform(0.3, 0.7, 20)
        dice = np.stack([first, *(first + rng.normal(0, 0.1, 20) for _ in range(9))], axis=1)
        called += any(
            row.verdict == "better" for row in compared(list("abcdefghij"), dice, list("0123456789" * 2), seed)
        )
    assert called <= 4


def test_images_whose_truth_nobody_knows_count_for_nothing() -> None:
    dice = np.array([[0.2, 0.4], [math.nan, math.nan], [0.6, 0.8]])
    first, second = compared(["a", "b"], dice, ["1", "2", "3"], 0)
    assert first.dice.mean == 0.4
    assert first.dice.n == 2
    assert second.verdict == "too few cases"


def test_nothing_known_gives_no_numbers() -> None:
    values = [to_values(row) for row in compared(["a", "b"], np.full((3, 2), math.nan), ["1", "2", "3"], 0)]
    assert values[0]["dice"] is None
    assert values[1]["difference"] is None
    assert values[1]["verdict"] == "too few cases"
