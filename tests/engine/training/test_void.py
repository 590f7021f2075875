"""Void pixels and labels of unknown truth: neither loss nor counts change, whatever stands there."""

from __future__ import annotations

import torch

from engine.training.losses import dice_ce, pair_counts


def _drawn() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    logits = torch.randn(3, 2, 8, 8)
    masks = (torch.rand(3, 2, 8, 8) > 0.6).float()
    void = torch.zeros(3, 1, 8, 8, dtype=torch.bool)
    void[:, :, :3, :5] = True
    return logits, masks, void


def test_what_stands_at_void_pixels_changes_nothing() -> None:
    logits, masks, void = _drawn()
    present = torch.ones(3, 2, dtype=torch.bool)
    other_logits, other_masks = torch.where(void, 9 * torch.ones(()), logits), torch.where(void, 1 - masks, masks)
    first = dice_ce(logits, masks, present, 1.0, 0.2, ignored=void)
    assert torch.equal(first, dice_ce(other_logits, other_masks, present, 1.0, 0.2, ignored=void))
    assert not torch.allclose(first, dice_ce(logits, masks, present, 1.0, 0.2))
    assert torch.equal(pair_counts(logits, masks, void), pair_counts(other_logits, other_masks, void))


def test_the_loss_is_that_of_the_picture_without_its_void_part() -> None:
    logits, masks, void = _drawn()
    void[:] = False
    void[..., :3, :] = True
    present = torch.ones(3, 2, dtype=torch.bool)
    cut = dice_ce(logits[..., 3:, :], masks[..., 3:, :], present, 1.0, 0.2)
    torch.testing.assert_close(dice_ce(logits, masks, present, 1.0, 0.2, ignored=void), cut)


def test_void_pixels_give_no_gradient() -> None:
    logits, masks, void = _drawn()
    logits.requires_grad_(True)
    dice_ce(logits, masks, torch.ones(3, 2, dtype=torch.bool), 1.0, 0.2, ignored=void).backward()
    assert logits.grad is not None
    assert not logits.grad[void.expand_as(logits)].any()
    assert logits.grad[~void.expand_as(logits)].any()
