"""Dice and IoU from pixel counts; both empty counts as 1."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


def dice_of(counts: Tensor) -> Tensor:
    """`counts` (3, …): overlap, truth, answer → Dice (…), 1 where truth and answer are both empty."""
    overlap, truth, answer = counts.double()
    total = truth + answer
    return torch.where(total > 0, 2 * overlap / total.clamp(min=1), torch.ones_like(total))


def iou_of(counts: Tensor) -> Tensor:
    """`counts` (3, …) → intersection over union (…), 1 where both are empty."""
    overlap, truth, answer = counts.double()
    union = truth + answer - overlap
    return torch.where(union > 0, overlap / union.clamp(min=1), torch.ones_like(union))


@dataclass
class SplitMetrics:
    """Collects counts over a split. Dice: mean over (image, label) pairs; IoU: over all its pixels, as published."""

    label_names: list[str]
    _counts: list[Tensor] = field(default_factory=list)
    _present: list[Tensor] = field(default_factory=list)
    _losses: list[Tensor] = field(default_factory=list)

    def add(self, counts: Tensor, present: Tensor, loss: Tensor) -> None:
        """`counts` (3, B, L), `present` (B, L), `loss` the batch's mean over its present pairs."""
        self._counts.append(counts)
        self._present.append(present)
        self._losses.append(loss.detach())

    def values(self, prefix: str) -> dict[str, float]:
        """`{prefix}_loss, _dice, _dice_positive, _iou` and `{prefix}_dice[label]`; NaN where nothing was present."""
        counts = torch.cat(self._counts, dim=1).cpu()
        present = torch.cat(self._present).cpu()
        dice = dice_of(counts)
        positive = present & (counts[1] > 0)
        pairs = torch.stack([batch.sum() for batch in self._present]).cpu().double()
        losses = torch.stack(self._losses).cpu().double()
        found = {
            f"{prefix}_loss": float((losses * pairs).sum() / pairs.sum()),
            f"{prefix}_dice": _mean(dice[present]),
            f"{prefix}_dice_positive": _mean(dice[positive]),
            f"{prefix}_iou": float(iou_of((counts * present).sum(dim=(1, 2)))),
        }
        for at, name in enumerate(self.label_names):
            found[f"{prefix}_dice[{name}]"] = _mean(dice[:, at][present[:, at]])
        return found


def _mean(values: Tensor) -> float:
    return float(values.mean()) if len(values) else float("nan")
