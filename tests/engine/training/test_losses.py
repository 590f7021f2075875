"""The loss against numbers worked out by hand from the published formula."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_by_hand_with_several_pixels() -> None:
    mask = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 2, 2)
    logits = torch.logit(torch.tensor([0.9, 0.6, 0.2, 0.1])).reshape(1, 1, 2, 2)
    dice = 1 - (2 * 1.5 + 1e-5) / (1.8 + 2 + 1e-5)
    entropy = -(math.log(0.9) + math.log(0.6) + math.log(0.8) + math.log(0.9)) / 4
    assert float(dice_ce(logits, mask, ALL, 1.0, 0.2)) == pytest.approx(dice + 0.2 * entropy, rel=1e-5)


def test_it_is_monais() -> None:
    """The published system calls MONAI's DiceCELoss, whose own numbers these are."""
    losses = pytest.importorskip("monai.losses")
    generator = torch.Generator().manual_seed(4)
    logits = 3 * torch.randn(5, 1, 9, 7, generator=generator)
    masks = (torch.rand(5, 1, 9, 7, generator=generator) > 0.6).float()
    masks[1] = 0
    known = losses.DiceCELoss(sigmoid=True, lambda_dice=1.0, lambda_ce=0.2)(logits, masks)
    found = dice_ce(logits, masks, torch.ones(5, 1, dtype=torch.bool), 1.0, 0.2)
    assert float(found) == pytest.approx(float(known), rel=1e-6)


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


def test_pairs_that_take_no_part_do_not_count() -> None:
    logits = torch.cat([LOGITS, torch.full_like(LOGITS, 7.0)], dim=1).requires_grad_()
    masks = torch.cat([MASK, MASK], dim=1)
    present = torch.tensor([[True, False]])
    loss = dice_ce(logits, masks, present, 1.0, 0.2)
    assert float(loss.detach()) == pytest.approx(DICE + 0.2 * ENTROPY, rel=1e-6)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient[0, 0].any()
    assert not gradient[0, 1].any()
    assert float(dice_ce(logits, masks, torch.zeros_like(present), 1.0, 0.2).detach()) == 0.0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_it_is_the_mean_over_the_pairs_that_take_part(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 3, 4, 4, generator=generator)
    masks = (torch.rand(2, 3, 4, 4, generator=generator) > 0.5).float()
    present = torch.rand(2, 3, generator=generator) > 0.4
    present[0, 0] = True
    each = [
        dice_ce(logits[b : b + 1, at : at + 1], masks[b : b + 1, at : at + 1], ALL, 1, 0.2)
        for b, at in present.nonzero().tolist()
    ]
    assert float(dice_ce(logits, masks, present, 1, 0.2)) == pytest.approx(float(torch.stack(each).mean()), rel=1e-5)


def test_one_half_counts_as_found() -> None:
    logits = torch.tensor([0.0, -0.01, 5.0, -5.0]).reshape(1, 1, 2, 2)
    masks = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 2, 2)
    assert pair_counts(logits, masks).flatten().tolist() == [1, 2, 2]
