"""The learned upsampler of TuneVLSeg ("new last layer"): the decoder's last map, enlarged, then one convolution."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as functional
from torch import Tensor, nn


class Upsampler(nn.Module):
    """`add`: logits + A(map); `blend`: (1 - ratio) · logits + ratio · A(map), with a learned ratio.

    A enlarges the map (N, C, h, w) bilinearly to (S, S) and convolves it to one channel.
    """

    def __init__(self, channels: int, kernel: int, ratio: float, mode: Literal["add", "blend"]) -> None:
        super().__init__()
        self.mode = mode
        self.convolution = nn.Conv2d(channels, 1, kernel, padding="same", padding_mode="replicate")
        self.ratio = nn.Parameter(torch.tensor(ratio)) if mode == "blend" else None

    def forward(self, logits: Tensor, grid: Tensor) -> Tensor:
        """`logits` (N, 1, S, S) and `grid` (N, C, h, w) → logits (N, 1, S, S)."""
        large = functional.interpolate(grid, size=logits.shape[-2:], mode="bilinear", align_corners=False)
        added: Tensor = self.convolution(large)
        if self.ratio is None:
            return logits + added
        return (1 - self.ratio) * logits + self.ratio * added
