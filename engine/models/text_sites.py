"""Where learned words stand in a phrase's sequence; the same for every model with a text transformer.

The class words stand at the end, in the middle or at the front, seen from the learned ones, as in CoOp (Zhou et al.,
IJCV 2022); `end` is what TuneVLSeg (arXiv 2410.05239) publishes, for too long phrases too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Place = Literal["end", "middle", "front"]
"""Where the words of the phrase stand: end = [BOS, learned, words, EOS], front = [BOS, words, learned, EOS], middle:
half of the learned words (rounded down) before them, the rest after."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A sequence with learned words in it.

    `embeddings` (N, T', W) before positions are added, `mask` (N, T'), `end` (N,) the index of the token that ends
    the phrase, `positions` (N, n) the indices of the learned words, in their order.
    """

    embeddings: Tensor
    mask: Tensor
    end: Tensor
    positions: Tensor


def insert(words: Tensor, mask: Tensor, end: Tensor, contexts: Tensor, limit: int, place: Place = "end") -> Placed:
    """Puts `contexts` (N, n, W) into token embeddings `words` (N, T, W), whose phrases end at `end` (N,).

    `mask` (N, T) is right-padded, `limit` the number of positions. T' = min(T, limit - n) + n: a longer phrase loses
    its middle, never its last column (TuneVLSeg's rule). Exportable with dynamic N and T.
    """
    items, count = contexts.shape[0], contexts.shape[1]
    kept = min(limit - count, words.shape[1]) - 1
    mask = torch.cat([mask.new_ones(items, count), mask], dim=1)[:, :limit]
    end = (end + count).clamp(max=limit - 1)
    order = torch.arange(count, device=words.device)
    if place == "end":
        placed = torch.cat([words[:, :1], contexts, words[:, 1:kept], words[:, -1:]], dim=1)
        return Placed(placed, mask, end, (order + 1).expand(items, -1))
    before = 0 if place == "front" else count // 2
    after = (end - count)[:, None]  # the first place behind the phrase's words, as if nothing had been put in
    positions = order + 1 + torch.where(order < before, torch.zeros_like(after), after - 1)
    at = torch.arange(kept + 1 + count, device=words.device).expand(items, -1)
    # What stands at each place: a column of the shortened words, or behind those a column of the contexts.
    source = torch.where(at <= before, at, at - before)
    source = torch.where((at > 0) & (at <= before), kept + at, source)
    behind = at - before - after
    source = torch.where((behind >= 0) & (behind < count - before), kept + 1 + before + behind, source)
    source = torch.where(behind >= count - before, at - count, source)
    parts = torch.cat([words[:, :kept], words[:, -1:], contexts], dim=1)
    placed = parts.gather(1, source[:, :, None].expand(-1, -1, words.shape[2]))
    return Placed(placed, mask, end, positions)


def replace(hidden: Tensor, row: Tensor, positions: Tensor) -> Tensor:
    """`hidden` (N, T', W) with `row` (N, n, W) at `positions` (N, n): what a deeper layer's learned words overwrite."""
    return hidden.scatter(1, positions[:, :, None].expand(-1, -1, hidden.shape[2]), row.to(hidden.dtype))
