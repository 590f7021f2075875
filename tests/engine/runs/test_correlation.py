"""Spearman's correlation and its interval against scipy and against what is known of the draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from engine.runs.correlation import spearman


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_that_of_scipy_with_ties(seed: int) -> None:
    random = np.random.default_rng(seed)
    first = random.integers(1, 5, 60).astype(float)
    second = first + random.normal(0, 3, 60).round()
    assert spearman(first, second).rho == pytest.approx(spearmanr(first, second).statistic)


def test_the_interval_is_that_of_draws_ranked_one_by_one() -> None:
    random = np.random.default_rng(3)
    first = random.normal(size=40).round(1)
    second = 0.6 * first + random.normal(size=40)
    drawn = []
    for _ in range(1000):
        at = random.integers(0, 40, 40)
        drawn.append(spearmanr(first[at], second[at]).statistic)
    found = spearman(first, second)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.05)
    assert found.shown == "positive"


def test_a_logarithm_changes_nothing_and_a_sign_turns_it() -> None:
    random = np.random.default_rng(4)
    rate = np.exp(random.uniform(-10, -5, 50))
    dice = np.log(rate) + random.normal(size=50)
    assert spearman(np.log(rate), dice) == spearman(rate, dice)
    assert spearman(rate, -dice).shown == "negative"


def test_unrelated_columns_mostly_show_none() -> None:
    """95 % intervals of independent columns hold 0 in about 95 % of draws (200 of them: 3 standard errors below)."""
    random = np.random.default_rng(5)
    held = sum(
        spearman(random.normal(size=40), random.normal(size=40), resamples=200, seed=at).shown == "none"
        for at in range(200)
    )
    assert held >= 180


def test_few_pairs_and_constants_have_no_interval() -> None:
    few = spearman([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert few.rho == pytest.approx(1.0)
    assert math.isnan(few.low)
    assert few.shown == "too few"
    flat = spearman([1.0] * 20, list(range(20)))
    assert math.isnan(flat.rho)
    assert math.isnan(spearman([], []).rho)


def test_what_is_no_pair_of_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="against"):
        spearman([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="finite"):
        spearman([1.0, float("nan")], [1.0, 2.0])
    with pytest.raises(ValueError, match="level"):
        spearman([1.0, 2.0], [1.0, 2.0], level=1.0)
