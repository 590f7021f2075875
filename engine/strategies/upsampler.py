"""The learned upsampler of TuneVLSeg ("new last layer"): the decoder's last map, enlarged, then one convolution."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as functional
from torch import Tensor, nn


class Upsampler(nn.Module):
    """`add`: logits + A(map); `blend`: (1 - ratio) · logits + ratio · A(map), with a learned ratio.

    A enlarges the map (N, C, h, w) bilinearly to (S, S) and convolves it to one channel; with `branch_width` (as
    TuneVLSeg does on CRIS) a 1x1 convolution first brings the map down to that many channels.
    """

    def __init__(
        self,
        channels: int,
        kernel: int,
        ratio: float,
        mode: Literal["add", "blend"],
        branch_width: int | None = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.reduction = None if branch_width is None else nn.Conv2d(channels, branch_width, 1, bias=False)
        self.convolution = nn.Conv2d(branch_width or channels, 1, kernel, padding="same", padding_mode="replicate")
        self.ratio = nn.Parameter(torch.tensor(ratio)) if mode == "blend" else None

    def forward(self, logits: Tensor, grid: Tensor) -> Tensor:
        """`logits` (N, 1, S, S) and `grid` (N, C, h, w) → logits (N, 1, S, S)."""
        added = self._enlarged(grid if self.reduction is None else self.reduction(grid), logits.shape[-1])
        if self.ratio is None:
            return logits + added
        return (1 - self.ratio) * logits + self.ratio * added

    def _enlarged(self, grid: Tensor, size: int) -> Tensor:
        """What the convolution gives on the enlarged map, without ever enlarging its channels.

        Enlarging, shifting (with replicated borders) and summing are all linear. The channels are first summed at low
        resolution into one map (h, w) for each tap (k, l) of the kernel; with R_k the matrix (S, h) that enlarges
        rows and shifts them by k, the answer is the sum over k and l of R_k · map_kl · R_lᵀ: two small products.
        """
        weight, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        kernel = weight.shape[-1]
        height, width = grid.shape[-2:]
        taps = functional.conv2d(grid, weight[0].flatten(1).t()[:, :, None, None])
        apart = taps.reshape(-1, kernel, kernel, height, width).transpose(2, 3)
        blocks = apart.reshape(-1, kernel * height, kernel * width)
        rows, columns = (_enlarging(side, size, kernel).to(grid) for side in (height, width))
        enlarged: Tensor = rows @ blocks @ columns.t()
        return enlarged[:, None] + bias


def _enlarging(side: int, size: int, kernel: int) -> Tensor:
    """(S, kernel · side): for each tap the matrix that enlarges `side` values bilinearly to S and shifts them."""
    large = functional.interpolate(torch.eye(side)[None], size=size, mode="linear", align_corners=False)[0].t()
    first = (kernel - 1) // 2
    shifted = [large[(torch.arange(size) + tap - first).clamp(0, size - 1)] for tap in range(kernel)]
    return torch.cat(shifted, dim=1)
