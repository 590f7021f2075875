"""Dice and IoU of a split from small counts."""

from __future__ import annotations

import math

import pytest
import torch

from engine.training.metrics import SplitMetrics, dice_of, iou_of


def test_dice_and_iou_of_counts() -> None:
    counts = torch.tensor([[2, 0, 0], [4, 0, 3], [4, 0, 0]])  # overlap, truth, answer of three pairs
    assert dice_of(counts).tolist() == [0.5, 1.0, 0.0]
    assert iou_of(counts).tolist() == [pytest.approx(2 / 6), 1.0, 0.0]


def test_a_split() -> None:
    metrics = SplitMetrics(["a", "b"])
    # Two images, then one; label b of the last image is not known.
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
    # Over all pixels: overlap 7, truth 10, answer 16 of the known pairs.
    assert found["val_iou"] == pytest.approx(7 / (10 + 16 - 7))
    # The mean over pairs: four of loss 1, one of loss 6.
    assert found["val_loss"] == pytest.approx((4 * 1.0 + 1 * 6.0) / 5)


def test_nothing_known_is_not_a_number() -> None:
    metrics = SplitMetrics(["a"])
    metrics.add(torch.ones(3, 1, 1, dtype=torch.int64), torch.zeros(1, 1, dtype=torch.bool), torch.tensor(0.0))
    assert math.isnan(metrics.values("val")["val_dice"])
