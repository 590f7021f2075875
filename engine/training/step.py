"""The gradients of one batch, in parts that are small enough for the memory; their sum is that of the whole batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.data.batch import Batch
from engine.models.base import TextFeatures
from engine.strategies.base import Prompts
from engine.training.losses import pair_counts

Asked = tuple[Prompts, TextFeatures | None]
"""What the learner gives in this step, and the phrases encoded with it where they are the same for every image."""
Fields = TypeVar("Fields", bound=Any)


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a batch came to: its mean `loss` over present pairs, and `counts` (3, B, L) as of `pair_counts`."""

    loss: Tensor
    counts: Tensor


def parts(batch: Batch, at_once: int) -> list[Batch]:
    """The batch in its order, `at_once` images each; the batch itself where it is no larger."""
    if len(batch) <= at_once:
        return [batch]
    starts = range(0, len(batch), at_once)
    return [_rows(batch, slice(start, start + at_once)) for start in starts]


def _rows(batch: Batch, rows: slice) -> Batch:
    values = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return replace(batch, **{name: value[rows] for name, value in values.items() if isinstance(value, Tensor)})


def forward_backward(
    batch: Batch,
    at_once: int,
    ask: Callable[[], Asked],
    logits_of: Callable[[Batch, Asked], Tensor],
    loss_of: Callable[[Tensor, Batch], Tensor],
) -> Stepped:
    """Adds the batch's gradients to those of the parameters.

    The loss is a mean over the pairs that are present, so a part counts by how many of them it holds. `ask` is called
    once: the learner and the text encoder work once a batch, whatever the number of parts, and draw their random
    numbers as for the whole batch.
    """
    divided = parts(batch, at_once)
    asked = ask()
    if len(divided) == 1:
        logits = logits_of(batch, asked)
        loss = loss_of(logits, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return Stepped(loss.detach(), pair_counts(logits.detach(), batch.masks, batch.ignored))
    cut = _Cut()
    given = (cut.leaves(asked[0]), None if asked[1] is None else cut.leaves(asked[1]))
    pairs = batch.present.sum().clamp(min=1)
    losses, counts = [], []
    for part in divided:
        logits = logits_of(part, given)
        loss = loss_of(logits, part) * (part.present.sum() / pairs)
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.detach())
        counts.append(pair_counts(logits.detach(), part.masks, part.ignored))
        del logits, loss  # or the next part's would lie beside them
    cut.backward()
    return Stepped(torch.stack(losses).sum(), torch.cat(counts, dim=1))


class _Cut:
    """Cuts the graph behind tensors that several parts share: their gradients add up in leaves, then go on once."""

    def __init__(self) -> None:
        self._pairs: list[tuple[Tensor, Tensor]] = []

    def leaves(self, given: Fields) -> Fields:
        """The same dataclass with a leaf in place of each tensor that has gradients."""
        found = {}
        for field in fields(given):
            value = getattr(given, field.name)
            if isinstance(value, Tensor) and value.requires_grad:
                leaf = value.detach().requires_grad_()
                self._pairs.append((value, leaf))
                found[field.name] = leaf
        return replace(given, **found)

    def backward(self) -> None:
        reached = [(value, leaf.grad) for value, leaf in self._pairs if leaf.grad is not None]
        if reached:
            torch.autograd.backward([value for value, _ in reached], [gradient for _, gradient in reached])
