"""Loss and metrics against numbers worked out by hand from the published formulas."""

from __future__ import annotations

import math

import pytest
import torch

from engine.training.losses import dice_ce, pair_counts
from engine.training.metrics import SplitMetrics, dice_of, iou_of


def logits_of(*probabilities: float) -> torch.Tensor:
    return torch.logit(torch.tensor(probabilities)).reshape(1, 1, 2, 2)


def test_the_loss_of_one_pair() -> None:
    mask = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 2, 2)
    p = (0.9, 0.6, 0.2, 0.1)
    dice = 1 - (2 * 1.5 + 1e-5) / (1.8 + 2 + 1e-5)
    entropy = -(math.log(0.9) + math.log(0.6) + math.log(0.8) + math.log(0.9)) / 4
    found = dice_ce(logits_of(*p), mask, torch.ones(1, 1, dtype=torch.bool), 1.0, 0.2)
    assert float(found) == pytest.approx(dice + 0.2 * entropy, rel=1e-5)


def test_the_loss_is_the_mean_over_pairs_that_are_present() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 4, generator=generator)
    masks = (torch.rand(2, 3, 4, 4, generator=generator) > 0.5).float()
    present = torch.tensor([[True, False, True], [True, True, False]])
    each = [
        dice_ce(
            logits[b : b + 1, at : at + 1], masks[b : b + 1, at : at + 1], torch.ones(1, 1, dtype=torch.bool), 1, 0.2
        )
        for b, at in present.nonzero().tolist()
    ]
    assert float(dice_ce(logits, masks, present, 1, 0.2)) == pytest.approx(float(torch.stack(each).mean()), rel=1e-5)


def test_a_probability_of_one_half_counts_as_found() -> None:
    counts = pair_counts(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
    assert counts[:, 0, 0].tolist() == [4, 4, 4]


def test_dice_and_iou_with_their_rule_for_empty_ones() -> None:
    counts = torch.tensor([[2, 0, 0], [4, 0, 3], [2, 0, 0]])  # columns: half found, both empty, missed
    assert dice_of(counts).tolist() == pytest.approx([2 * 2 / 6, 1.0, 0.0])
    assert iou_of(counts).tolist() == pytest.approx([2 / 4, 1.0, 0.0])


def test_split_metrics_are_means_over_pairs_and_iou_over_pixels() -> None:
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
