"""Multi-head attention whose parameters are named and joined as in `torch.nn.MultiheadAttention`."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn


class JoinedAttention(nn.Module):
    """`in_proj_weight` (3 C, C) holds queries, keys and values one below the other.

    torch's own module chooses among code paths by the inputs, which an exporter would freeze.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, seen: Tensor | None = None) -> Tensor:
        """`query` (N, Q, C), `key` and `value` (N, K, C); `seen` broadcasts to (N, heads, Q, K): True may be read."""
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        q, k, v = (
            split_heads(functional.linear(given, weight, bias), self.heads)
            for given, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, dropout_p=dropout)
        joined: Tensor = self.out_proj(join_heads(mixed))
        return joined


def split_heads(rows: Tensor, heads: int) -> Tensor:
    """(N, T, C) → (N, heads, T, C / heads)."""
    return rows.reshape(rows.shape[0], rows.shape[1], heads, -1).transpose(1, 2)


def join_heads(rows: Tensor) -> Tensor:
    """(N, heads, T, C / heads) → (N, T, C)."""
    return rows.transpose(1, 2).flatten(2)
