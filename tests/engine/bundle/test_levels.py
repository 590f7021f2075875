"""One rule for masks: the stored bytes and the probabilities agree."""

from __future__ import annotations

import numpy as np
import pytest

from engine.bundle.levels import mask_of, threshold_level, to_levels
from engine.contract.errors import OutOfRange


def test_one_half_is_exact() -> None:
    probability = np.linspace(0, 1, 100_001, dtype=np.float32)
    assert np.array_equal(mask_of(to_levels(probability), 0.5), probability >= 0.5)


@pytest.mark.parametrize("threshold", [0.01, 0.2, 0.35, 0.6, 0.999])
def test_other_thresholds_differ_by_half_a_level_at_most(threshold: float) -> None:
    probability = np.linspace(0, 1, 100_001)
    found = mask_of(to_levels(probability), threshold)
    lowest = probability[found].min()
    assert abs(lowest - threshold) <= 1 / 510 + 1e-6
    assert np.array_equal(found, probability >= lowest)


def test_levels_keep_within_a_byte() -> None:
    given = np.array([-0.1, 0.0, 1.0, 1.2, np.nan])
    assert to_levels(given).tolist() == [0, 0, 255, 255, 0]


def test_zero_probability_is_never_in_a_mask() -> None:
    assert not mask_of(np.zeros(3, np.uint8), 1e-9).any()
    assert threshold_level(0.2) == 51


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, float("nan")])
def test_thresholds_out_of_range(threshold: float) -> None:
    with pytest.raises(OutOfRange):
        threshold_level(threshold)
