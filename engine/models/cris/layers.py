"""Small stacks that the neck and the projector are made of; `.0` is the weight, `.1` the batch norm, as published."""

from __future__ import annotations

from torch import nn


def conv_block(inside: int, outside: int, kernel: int) -> nn.Sequential:
    """Convolution without bias that keeps the side, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


def linear_block(inside: int, outside: int) -> nn.Sequential:
    """Linear layer without bias, batch norm, ReLU."""
    return nn.Sequential(nn.Linear(inside, outside, bias=False), nn.BatchNorm1d(outside), nn.ReLU(inplace=True))


def twice_as_large() -> nn.Upsample:
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
