"""The loss of predicted masks, with its gradient written out: a third of the passes over memory that autograd makes."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

_ENTROPY_WEIGHT: Final = 4.0
_OBJECT_WEIGHT: Final = 3.0  # of pixels on any object: there it is decided whether the phrase was understood
_EMPTY_WEIGHT: Final = 0.5
_SMOOTH: Final = 20.0  # pixels; keeps Dice gentle on very small masks
_FALSE_AREA: Final = 80.0  # pixels; an empty answer's loss reaches one half at this false area


class _MaskLoss(torch.autograd.Function):
    """Logits and targets (n, p, pixels), pixel weights (n, pixels) → the mean loss of a mask."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        pixels = logits.shape[2]
        chance = logits.sigmoid()
        truth, area = target.sum(dim=2), chance.sum(dim=2)
        overlap = _dot(chance, target)
        # Every target pixel lies on an object, hence the plain factor in the second term.
        entropy = torch.nn.functional.softplus(logits) @ weight[:, :, None]
        entropy = entropy[:, :, 0] - _OBJECT_WEIGHT * _dot(logits, target)
        denominator = area + truth + _SMOOTH
        numerator = 2 * overlap + _SMOOTH
        empty = truth == 0
        region = torch.where(empty, _EMPTY_WEIGHT * area / (area + _FALSE_AREA), 1 - numerator / denominator)
        # d(region)/d(chance) = slope + bend * target, in each mask
        slope = torch.where(empty, _EMPTY_WEIGHT * _FALSE_AREA / (area + _FALSE_AREA) ** 2, numerator / denominator**2)
        bend = torch.where(empty, torch.zeros_like(area), -2 / denominator)
        ctx.save_for_backward(chance, target, weight, slope, bend)
        return (_ENTROPY_WEIGHT * entropy / pixels + region).mean()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        chance, target, weight, slope, bend = ctx.saved_tensors
        masks, share = chance.shape[0] * chance.shape[1], _ENTROPY_WEIGHT / chance.shape[2]
        steep = torch.addcmul(slope[:, :, None], bend[:, :, None], target)
        steep.mul_(chance).addcmul_(steep, chance, value=-1)  # times chance (1 - chance), the sigmoid's derivative
        steep.addcmul_(chance, weight[:, None], value=share).sub_(target, alpha=share * _OBJECT_WEIGHT)
        return steep.mul_(gradients[0] / masks), None, None


def _dot(first: Tensor, second: Tensor) -> Tensor:
    """Return the dot products (n, p) of rows (n, p, pixels) without writing the products to memory."""
    return torch.bmm(first.flatten(0, 1)[:, None], second.flatten(0, 1)[:, :, None]).view(first.shape[:2])


def mask_loss(logits: Tensor, masks: Tensor, objects: Tensor) -> Tensor:
    """Return the loss of logits (n, p, h, w) for bool masks of that shape; `objects` (n, h, w): where any object lies.

    Cross-entropy, weighted towards objects, plus Dice where something is named, or the false area where nothing is.
    Every mask must lie within `objects`.
    """
    weight = 1 + (_OBJECT_WEIGHT - 1) * objects.flatten(1).to(logits.dtype)
    target = masks.flatten(2).to(logits.dtype)
    loss: Tensor = _MaskLoss.apply(logits.flatten(2), target, weight)  # type: ignore[no-untyped-call]
    return loss
