"""Dice and IoU of a split from small counts, worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.training.metrics import SplitMetrics, dice_of, iou_of


def test_dice_and_iou_with_their_rule_for_empty_ones() -> None:
    counts = torch.tensor([[2, 2, 0, 0], [4, 4, 0, 3], [4, 2, 0, 0]])  # overlap, truth, answer of four pairs
    assert dice_of(counts).tolist() == pytest.approx([0.5, 2 * 2 / 6, 1.0, 0.0])
    assert iou_of(counts).tolist() == pytest.approx([2 / 6, 2 / 4, 1.0, 0.0])


@given(truth=st.integers(0, 50), answer=st.integers(0, 50), share=st.floats(0, 1))
def test_iou_follows_from_dice(truth: int, answer: int, share: float) -> None:
    counts = torch.tensor([round(share * min(truth, answer)), truth, answer])
    dice, iou = float(dice_of(counts)), float(iou_of(counts))
    assert 0 <= iou <= dice <= 1
    assert iou == pytest.approx(dice / (2 - dice))


def test_a_split() -> None:
    metrics = SplitMetrics(["a", "b"])
    # Two images, then one; label b of the last image takes no part.
    first = torch.tensor([[[2, 0], [4, 1]], [[4, 0], [4, 2]], [[4, 0], [4, 2]]])
    second = torch.tensor([[[0, 9]], [[0, 9]], [[6, 9]]])
    metrics.add(first, torch.ones(2, 2, dtype=torch.bool), torch.tensor(1.0))
    metrics.add(second, torch.tensor([[True, False]]), torch.tensor(6.0))
    found = metrics.values("val")
    # a: 0.5, 1.0, 0.0 · b: 1.0 (both empty), 0.5
    assert found["val_dice"] == pytest.approx((0.5 + 1.0 + 1.0 + 0.5 + 0.0) / 5)
    assert found["val_dice_positive"] == pytest.approx((0.5 + 1.0 + 0.5) / 3)
    assert found["val_dice[a]"] == pytest.approx(0.5)
    assert found["val_dice[b]"] == pytest.approx(0.75)
    # Over all pixels: overlap 7, truth 10, answer 16 of the pairs that take part.
    assert found["val_iou"] == pytest.approx(7 / (10 + 16 - 7))
    # The mean over pairs: four of loss 1, one of loss 6.
    assert found["val_loss"] == pytest.approx((4 * 1.0 + 1 * 6.0) / 5)


def test_dice_is_a_mean_over_pairs_and_iou_is_of_all_pixels() -> None:
    collected = SplitMetrics(["liver", "spleen"])
    counts = torch.tensor([[[2, 0]], [[4, 0]], [[2, 0]]])  # (3, 1 image, 2 labels): spleen empty and not found
    collected.add(counts, torch.ones(1, 2, dtype=torch.bool), torch.tensor(0.5))
    counts = torch.tensor([[[0, 3]], [[5, 3]], [[0, 3]]])
    collected.add(counts, torch.ones(1, 2, dtype=torch.bool), torch.tensor(0.7))
    found = collected.values("val")
    assert found["val_loss"] == pytest.approx(0.6)
    assert found["val_dice"] == pytest.approx((2 / 3 + 1 + 0 + 1) / 4)
    assert found["val_dice_positive"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert found["val_dice[liver]"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["val_iou"] == pytest.approx((2 + 3) / (4 + 5 + 3))


def test_nothing_present_is_not_a_number() -> None:
    metrics = SplitMetrics(["a"])
    metrics.add(torch.ones(3, 1, 1, dtype=torch.int64), torch.zeros(1, 1, dtype=torch.bool), torch.tensor(0.0))
    assert math.isnan(metrics.values("val")["val_dice"])
