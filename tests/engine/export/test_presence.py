"""The rule for not found, calibrated on answers that are known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled
from engine.export.presence import presence_of


def test_pairs_are_sorted_by_their_truth_and_unknown_ones_left_out() -> None:
    count = 12
    images = np.zeros((count, 8, 8, 3), np.uint8)
    images[:, 0, 0, 0] = np.arange(count)
    masks = np.zeros((count, 2, 8, 8), np.uint8)
    masks[::2, 0, :4] = 1  # the first label is shown in every second image, the second never
    present = np.ones((count, 2), np.bool_)
    present[:6, 1] = False

    def ask(batch: np.ndarray) -> np.ndarray:
        answers = np.full((len(batch), 2, 8, 8), 0.1, np.float32)
        answers[batch[:, 0, 0, 0] % 2 == 0, 0, :4] = 0.9
        return answers

    rule = presence_of(ask, images, masks, present, CancelToken())
    assert rule is not None
    assert (rule.shown, rule.absent) == (6, 12)
    assert rule.cut == pytest.approx(0.5)
    assert (rule.shown_found, rule.absent_found) == (1.0, 0.0)
    assert presence_of(ask, images, np.ones_like(masks), present, CancelToken()) is None


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        presence_of(lambda batch: batch, *(np.zeros((1, 1, 1, 1)),) * 2, np.ones((1, 1), np.bool_), token)
