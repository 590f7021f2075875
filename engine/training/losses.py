"""Dice plus cross-entropy on logits, per (image, label) pair."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

SMOOTH = 1e-5


def dice_ce(
    logits: Tensor,
    masks: Tensor,
    present: Tensor,
    dice_weight: float,
    ce_weight: float,
    ignored: Tensor | None = None,
) -> Tensor:
    """dice_weight · Dice + ce_weight · cross-entropy, the mean over the pairs that are `present`.

    `logits` and `masks` (B, L, S, S), `present` (B, L) boolean. With one label a sample this is MONAI's DiceCELoss
    (sigmoid, lambda_dice 1, lambda_ce 0.2), as TuneVLSeg uses it: per pair
    1 − (2 Σ p g + 1e-5) / (Σ p + Σ g + 1e-5), no squares, and the mean cross-entropy over its pixels. Pixels that are
    `ignored` (B, 1, S, S; boolean) take part in no sum and no mean.
    """
    probabilities = logits.sigmoid()
    if ignored is not None:
        probabilities, masks = probabilities.masked_fill(ignored, 0), masks.masked_fill(ignored, 0)
    both = (probabilities * masks).sum(dim=(-2, -1))
    total = probabilities.sum(dim=(-2, -1)) + masks.sum(dim=(-2, -1))
    dice = 1 - (2 * both + SMOOTH) / (total + SMOOTH)
    pixels = functional.binary_cross_entropy_with_logits(logits, masks, reduction="none")
    if ignored is None:
        entropy = pixels.mean(dim=(-2, -1))
    else:
        counted = (~ignored).sum(dim=(-2, -1)).clamp(min=1)
        entropy = pixels.masked_fill(ignored, 0).sum(dim=(-2, -1)) / counted
    weight = present.to(logits.dtype)
    loss: Tensor = ((dice_weight * dice + ce_weight * entropy) * weight).sum() / weight.sum().clamp(min=1)
    return loss


def pair_counts(logits: Tensor, masks: Tensor, ignored: Tensor | None = None) -> Tensor:
    """(3, B, L) int64: pixels of truth and answer together, of the truth, of the answer (probability ≥ 0.5).

    Pixels that are `ignored` (B, 1, S, S) are in none of them.
    """
    # Not the logits' sign: a probability of exactly one half counts as found, here as everywhere.
    answer = logits.sigmoid() >= 0.5
    truth = masks >= 0.5
    if ignored is not None:
        answer, truth = answer & ~ignored, truth & ~ignored
    counts = [(answer & truth), truth, answer]
    return torch.stack([count.flatten(-2).sum(dim=-1) for count in counts])
