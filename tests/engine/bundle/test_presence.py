"""The rule for not found: its score, its calibration, and what it does not decide."""

from __future__ import annotations

import numpy as np
import pytest

from engine.bundle.presence import Presence, calibrate, in_words, presence_score


def test_one_sure_pixel_is_not_enough() -> None:
    map_ = np.zeros((32, 32), np.float32)
    map_[3, 4] = 1.0
    assert presence_score(map_) == pytest.approx(1 / 16)
    map_[10:14, 20:24] = 0.9
    assert presence_score(map_) == pytest.approx((1 + 15 * 0.9) / 16)
    assert presence_score(np.full((2, 2), 0.5)) == 0.5
    assert presence_score(np.zeros((0, 0))) == 0.0


def test_apart_the_cut_lies_in_the_middle() -> None:
    found = calibrate(np.linspace(0.8, 0.9, 21), np.linspace(0.1, 0.3, 21))
    assert found is not None
    assert found.cut == pytest.approx((0.805 + 0.29) / 2, abs=1e-3)
    assert (found.shown_found, found.absent_found) == (1.0, 0.0)


def test_overlapping_what_is_there_is_kept() -> None:
    shown, absent = np.linspace(0.4, 0.9, 101), np.linspace(0.1, 0.8, 101)
    found = calibrate(shown, absent)
    assert found is not None
    assert found.cut == pytest.approx(0.425, abs=1e-3)
    assert found.shown_found == pytest.approx(0.95, abs=0.01)
    assert found.absent_found == pytest.approx(np.mean(absent >= found.cut), abs=1e-4)
    assert "95%" in in_words(found)


@pytest.mark.parametrize(("shown", "absent"), [(4, 50), (50, 4), (0, 0)])
def test_too_few_calibrate_nothing(shown: int, absent: int) -> None:
    assert calibrate(np.full(shown, 0.9), np.full(absent, 0.1)) is None
    assert "not calibrated" in in_words(None)


def test_a_cut_stays_a_probability() -> None:
    assert Presence.model_validate(calibrate(np.ones(9), np.ones(9))).cut < 1
    assert Presence.model_validate(calibrate(np.zeros(9), np.zeros(9))).cut > 0
