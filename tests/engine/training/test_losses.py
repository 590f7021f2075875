"""The loss against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from engine.training.losses import dice_ce, pair_counts

# Two pixels with probabilities 0.75 and 0.25, of which the first is truth.
LOGITS = torch.tensor([math.log(3.0), -math.log(3.0)]).reshape(1, 1, 1, 2)
MASK = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
DICE = 1 - (2 * 0.75 + 1e-5) / (1.0 + 1.0 + 1e-5)
ENTROPY = -math.log(0.75)
ALL = torch.ones(1, 1, dtype=torch.bool)


@pytest.mark.parametrize(("dice_weight", "ce_weight"), [(1.0, 0.2), (1.0, 0.0), (0.0, 1.0), (1.5, 1.0)])
def test_by_hand(dice_weight: float, ce_weight: float) -> None:
    found = dice_ce(LOGITS, MASK, ALL, dice_weight, ce_weight)
    assert float(found) == pytest.approx(dice_weight * DICE + ce_weight * ENTROPY, rel=1e-6)


def test_an_empty_truth_with_an_empty_answer_costs_nothing() -> None:
    logits = torch.full((1, 1, 4, 4), -40.0)
    assert float(dice_ce(logits, torch.zeros(1, 1, 4, 4), ALL, 1.0, 0.2)) == pytest.approx(0.0, abs=1e-6)


def test_dice_is_a_mean_over_pairs_not_over_pixels() -> None:
    """A small label weighs as much as a large one."""
    masks = torch.zeros(2, 1, 4, 4)
    masks[0, 0, 0, 0] = 1
    masks[1, 0] = 1
    logits = torch.where(masks > 0, 30.0, -30.0)
    logits[0] = -30.0
    present = torch.ones(2, 1, dtype=torch.bool)
    assert float(dice_ce(logits, masks, present, 1.0, 0.0)) == pytest.approx(0.5, abs=1e-4)


def test_unknown_pairs_do_not_count() -> None:
    logits = torch.cat([LOGITS, torch.full_like(LOGITS, 7.0)], dim=1)
    masks = torch.cat([MASK, MASK], dim=1)
    present = torch.tensor([[True, False]])
    assert float(dice_ce(logits, masks, present, 1.0, 0.2)) == pytest.approx(DICE + 0.2 * ENTROPY, rel=1e-6)
    assert float(dice_ce(logits, masks, torch.zeros_like(present), 1.0, 0.2)) == 0.0


def test_one_half_counts_as_found() -> None:
    logits = torch.tensor([0.0, -0.01, 5.0, -5.0]).reshape(1, 1, 2, 2)
    masks = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 2, 2)
    assert pair_counts(logits, masks).flatten().tolist() == [1, 2, 2]
