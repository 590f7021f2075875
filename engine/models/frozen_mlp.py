"""A frozen two-layer network of a transformer block on a processor, without its wide values in memory.

CLIPSeg's decoder widens 64 numbers a token to 2,048 and back: with torch's operations, writing and reading the wide
values takes longer than computing them. Here a few hundred tokens go all the way through at a time, and the wide values
are computed again on the way back. Same numbers.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

_PIECE = 128  # tokens: their wide values are a megabyte


class FrozenMlp(nn.Module):
    """Takes the place of a block's `mlp` with a ReLU, its layers named as they were; what learns takes torch's way."""

    def __init__(self, fc1: nn.Linear, fc2: nn.Linear) -> None:
        super().__init__()
        self.fc1 = fc1
        self.fc2 = fc2

    def forward(self, x: Tensor) -> Tensor:
        learns = any(parameter.requires_grad for parameter in self.parameters())
        other = x.device.type != "cpu" or torch.is_autocast_enabled("cpu")
        if torch.compiler.is_compiling() or learns or other:
            wide: Tensor = self.fc2(torch.relu(self.fc1(x)))
            return wide
        found: Tensor = _Pieces.apply(  # type: ignore[no-untyped-call]
            x, self.fc1.weight, self.fc1.bias, self.fc2.weight, self.fc2.bias
        )
        return found


class _Pieces(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, widen: Tensor, bias: Tensor, narrow: Tensor, last: Tensor) -> Tensor:
        ctx.save_for_backward(x, widen, bias, narrow)
        rows = x.reshape(-1, x.shape[-1])
        found = rows.new_empty(len(rows), narrow.shape[0])
        for tokens, outside in zip(_cut(rows), _cut(found), strict=True):
            wide = functional.linear(tokens, widen, bias).relu_()
            torch.addmm(last, wide, narrow.t(), out=outside)
        return found.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, widen, bias, narrow = ctx.saved_tensors
        rows, above = (part.reshape(-1, part.shape[-1]) for part in (x, gradients[0]))
        found = torch.empty_like(rows)
        for tokens, gradient, outside in zip(_cut(rows), _cut(above), _cut(found), strict=True):
            wide = functional.linear(tokens, widen, bias)
            back = torch.mm(gradient, narrow)
            torch.ops.aten.threshold_backward.grad_input(back, wide, 0, grad_input=back)
            torch.mm(back, widen, out=outside)
        return found.view(x.shape), None, None, None, None


def _cut(rows: Tensor) -> tuple[Tensor, ...]:
    pieces: tuple[Tensor, ...] = torch.split(rows, _PIECE)
    return pieces
