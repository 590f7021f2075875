"""The projector: the phrase's state becomes the kernel of a convolution over the enlarged map (dynamic convolution)."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.models.cris.config import CrisConfig
from engine.models.cris.layers import conv_block, twice_as_large

_KERNEL = 3


class Projector(nn.Module):
    """Map (N, C, h, w) and state (N, joint width) → logits (N, 1, 4 h, 4 w)."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        width = config.decoder_width
        self.channels = width // 2
        self.vis = nn.Sequential(
            twice_as_large(),
            conv_block(width, width, 3),
            twice_as_large(),
            conv_block(width, self.channels, 3),
            nn.Conv2d(self.channels, self.channels, 1),
        )
        self.txt = nn.Linear(config.joint_width, self.channels * _KERNEL**2 + 1)

    def forward(self, grid: Tensor, state: Tensor) -> Tensor:
        large: Tensor = self.vis(grid)
        kernel: Tensor = self.txt(state)
        weight = kernel[:, :-1].reshape(-1, self.channels, _KERNEL**2)
        return convolve_each(large, weight) + kernel[:, -1, None, None, None]


def convolve_each(maps: Tensor, kernels: Tensor) -> Tensor:
    """Each map (N, C, h, w) convolved with a 3x3 kernel of its own (N, C, 9), zeros beyond the border: (N, 1, h, w).

    The channels are summed first, into one map for each place of the kernel; those are shifted and added. The same
    sums as a convolution with N groups, which ONNX cannot state: it wants the number of groups written down.
    """
    height, width = maps.shape[-2:]
    sums = torch.bmm(kernels.transpose(1, 2), maps.flatten(2)).reshape(-1, _KERNEL**2, height, width)
    padded = functional.pad(sums, (1, 1, 1, 1))
    shifted = [
        padded[:, tap, tap // _KERNEL : tap // _KERNEL + height, tap % _KERNEL : tap % _KERNEL + width]
        for tap in range(_KERNEL**2)
    ]
    return torch.stack(shifted).sum(dim=0)[:, None]
