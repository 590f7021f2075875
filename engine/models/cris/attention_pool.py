"""The end of the image tower: CLIP's attention pool without its mean token, so that it gives a map, and a shortcut."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.models.cris.attention import join_heads, split_heads


class AttentionPool(nn.Module):
    """(B, C, h, w) → (B, outside, h, w): self-attention over all places, plus a 1x1 convolution, then ReLU.

    `positional_embedding` (1 + side², C) is CLIP's; its first row belonged to the mean token and is not used.
    """

    def __init__(self, width: int, heads: int, side: int, outside: int) -> None:
        super().__init__()
        self.heads = heads
        self.side = side
        self.positional_embedding = nn.Parameter(torch.randn(side**2 + 1, width) * width**-0.5)
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, outside)
        self.connect = nn.Sequential(nn.Conv2d(width, outside, 1, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        places = x.flatten(2).transpose(1, 2) + self._positions(height, width)
        q, k, v = (split_heads(layer(places), self.heads) for layer in (self.q_proj, self.k_proj, self.v_proj))
        mixed = self.c_proj(join_heads(functional.scaled_dot_product_attention(q, k, v)))
        return torch.relu(mixed.transpose(1, 2).unflatten(2, (height, width)) + self.connect(x))

    def _positions(self, height: int, width: int) -> Tensor:
        """(h · w, C)."""
        grid = self.positional_embedding[1:].t().reshape(1, -1, self.side, self.side)
        if (height, width) != (self.side, self.side):
            grid = functional.interpolate(grid, size=(height, width), mode="bicubic", align_corners=False)
        return grid[0].flatten(1).t()
