"""The text tower's blocks: CLIP's transformer, normalised before each step."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from engine.models.cris.attention import JoinedAttention
from engine.models.cris.config import CrisConfig


class QuickGELU(nn.Module):
    """x · sigmoid(1.702 x), the approximation that CLIP was trained with."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class ResidualBlock(nn.Module):
    """Attention, then a feed-forward part, each added to what came in."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        width, inner = config.text_width, config.text_feed_forward
        self.attn = JoinedAttention(width, config.text_heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(width, inner),
                gelu=QuickGELU() if config.text_activation == "quick_gelu" else nn.GELU(),
                c_proj=nn.Linear(inner, width),
            )
        )
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """`x` (N, T, C); `seen` (N, 1, T, T): which keys each place may read."""
        normed = self.ln_1(x)
        x = x + self.attn(normed, normed, normed, seen)
        fed: Tensor = self.mlp(self.ln_2(x))
        return x + fed


class TextTransformer(nn.Module):
    """The blocks, in `resblocks`; whoever inserts prompts runs them one by one."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(ResidualBlock(config) for _ in range(config.text_layers))
