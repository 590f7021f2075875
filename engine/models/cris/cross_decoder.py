"""The decoder: every place of the map reads the other places, then the words."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from engine.models.cris.attention import JoinedAttention
from engine.models.cris.config import CrisConfig

_BASE = 10_000.0


def sine_positions(length: int, width: int) -> Tensor:
    """(length, width): sines at even, cosines at odd channels, of falling frequency (Vaswani et al., 2017)."""
    frequency = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(_BASE) / width))
    angle = torch.arange(length, dtype=torch.float32)[:, None] * frequency
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]


def sine_positions_2d(height: int, width: int, channels: int) -> Tensor:
    """(height · width, channels): the first half of the channels tells the column, the second the row."""
    half = channels // 2
    columns, rows = sine_positions(width, half), sine_positions(height, half)
    both = [columns[None].expand(height, -1, -1), rows[:, None].expand(-1, width, -1)]
    return torch.cat(both, dim=-1).flatten(0, 1)


class DecoderLayer(nn.Module):
    """Self-attention, attention to the words and a feed-forward part, each normalised before and within."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        width, heads, dropout = config.decoder_width, config.decoder_heads, config.decoder_dropout
        self.self_attn_norm = nn.LayerNorm(width)
        self.cross_attn_norm = nn.LayerNorm(width)
        self.self_attn = JoinedAttention(width, heads, dropout)
        self.multihead_attn = JoinedAttention(width, heads, dropout)
        self.ffn = nn.Sequential(
            nn.Linear(width, config.decoder_feed_forward),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.LayerNorm(config.decoder_feed_forward),
            nn.Linear(config.decoder_feed_forward, width),
        )
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.norm3 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, places: Tensor, keys: Tensor, words: Tensor, seen: Tensor | None) -> Tensor:
        normed = self.norm1(x)
        placed = normed + places
        x = x + self.dropout(self.self_attn_norm(self.self_attn(placed, placed, normed)))
        asked = self.multihead_attn(self.norm2(x) + places, keys, words, seen)
        x = x + self.dropout(self.cross_attn_norm(asked))
        fed: Tensor = self.dropout(self.ffn(self.norm3(x)))
        return x + fed


class CrossDecoder(nn.Module):
    """Map (N, C, h, w) and words (N, T, C) → map (N, C, h, w)."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(config.decoder_width)

    def forward(self, grid: Tensor, words: Tensor, mask: Tensor | None) -> Tensor:
        """`mask` (N, T): which words count."""
        channels, height, width = grid.shape[1:]
        x = grid.flatten(2).transpose(1, 2)
        places = sine_positions_2d(height, width, channels).to(x)
        # As long as any phrase, then cut: the length of the phrase may be an unknown of an exported graph.
        keys = words + sine_positions(512, channels).to(x)[: words.shape[1]]
        seen = None if mask is None else mask.bool()[:, None, None, :]
        for layer in self.layers:
            x = layer(x, places, keys, words, seen)
        rows: Tensor = self.norm(x)
        return rows.transpose(1, 2).reshape(-1, channels, height, width)
