"""Shares of a gain: right where they can be known, and none where there is no gain to split."""

from __future__ import annotations

import numpy as np
import pytest

from engine.insight.gain import Gain, split_gain

CASES = [f"c{number}" for number in range(60)]


def gain(by_upsampler: float, by_prompts: float, noise: float = 0.03, count: int = 60) -> Gain:
    """Cases differ widely; what is gained differs a little between them."""
    rng = np.random.default_rng(4)
    z = rng.uniform(0.1, 0.5, count)
    u = z + by_upsampler + rng.normal(0, noise, count)
    t = u + by_prompts + rng.normal(0, noise, count)
    return split_gain(z.tolist(), u.tolist(), t.tolist(), CASES[:count], seed=1)


def test_a_gain_is_split() -> None:
    found = gain(0.1, 0.3)
    assert found.share is not None
    assert found.share.low < 0.25 < found.share.high
    assert found.share.high - found.share.low < 0.06  # cases' own difficulty does not count: it is paired
    assert found.whole.difference.mean == pytest.approx(
        found.by_upsampler.difference.mean + found.by_prompts.difference.mean
    )
    told = found.to_values()
    assert "is due to them" in told["words"]
    assert told["share"]["upsampler"] == pytest.approx(found.share.value)


def test_no_gain_has_no_shares() -> None:
    for found in (gain(0.0, 0.0), gain(-0.1, 0.02), gain(0.05, -0.05)):
        assert found.share is None
        assert "nothing to split" in found.to_values()["words"]


def test_few_cases_are_not_split() -> None:
    found = gain(0.1, 0.3, count=9)
    assert found.share is None
    assert "too few" in found.to_values()["words"]


def test_prompts_that_add_nothing_are_told() -> None:
    assert "do not show that they add" in gain(0.3, 0.0).to_values()["words"]
    worse = gain(0.4, -0.1)
    assert worse.share is not None
    assert worse.share.value > 1
    assert "It is not the prompts" in worse.to_values()["words"]


def test_labels_of_one_case_are_not_independent() -> None:
    """Three copies of each case make nothing surer."""
    rng = np.random.default_rng(2)
    z = rng.uniform(0.1, 0.5, 20)
    u, t = z + rng.normal(0.1, 0.1, 20), z + rng.normal(0.3, 0.1, 20)
    once = split_gain(z.tolist(), u.tolist(), t.tolist(), CASES[:20])
    thrice = split_gain(*(np.repeat(values, 3).tolist() for values in (z, u, t)), np.repeat(CASES[:20], 3).tolist())
    assert once.share is not None
    assert thrice.share is not None
    assert thrice.share.high - thrice.share.low == pytest.approx(once.share.high - once.share.low, rel=1e-6)
