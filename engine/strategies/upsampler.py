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
        added = self._enlarged(grid, logits.shape[-1])
        if self.ratio is None:
            return logits + added
        return (1 - self.ratio) * logits + self.ratio * added

    def _enlarged(self, grid: Tensor, size: int) -> Tensor:
        """What the convolution gives on the enlarged map, without ever enlarging all its channels.

        Enlarging and the sum over channels are linear and may change places: the channels are first summed at low
        resolution into one map for each tap of the kernel; only these k² maps are enlarged, shifted and added.
        """
        weight, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        kernel = weight.shape[-1]
        taps = functional.conv2d(grid, weight[0].flatten(1).t()[:, :, None, None])
        large = functional.interpolate(taps, size=(size, size), mode="bilinear", align_corners=False)
        before = (kernel - 1) // 2
        after = kernel - 1 - before
        padded = functional.pad(large, (before, after, before, after), mode="replicate")
        # Tap k is read k places further on: a convolution whose kernel for map k is 1 at place k and 0 elsewhere.
        places = torch.eye(kernel * kernel, dtype=grid.dtype, device=grid.device).reshape(1, -1, kernel, kernel)
        return functional.conv2d(padded, places, bias)
