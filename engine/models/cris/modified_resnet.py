"""The image tower: CLIP's ResNet with three convolutions at the start and average pooling instead of strides."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from engine.models.checkpointing import through
from engine.models.cris.attention_pool import AttentionPool
from engine.models.cris.config import EXPANSION, CrisConfig


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut; a stride is an average pool before the last of them."""

    def __init__(self, inside: int, width: int, stride: int) -> None:
        super().__init__()
        outside = width * EXPANSION
        self.conv1 = nn.Conv2d(inside, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.conv3 = nn.Conv2d(width, outside, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outside)
        self.downsample: nn.Sequential | None = None
        if stride > 1 or inside != outside:
            parts: OrderedDict[str, nn.Module] = OrderedDict()
            parts["-1"] = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
            parts["0"] = nn.Conv2d(inside, outside, 1, bias=False)
            parts["1"] = nn.BatchNorm2d(outside)
            self.downsample = nn.Sequential(parts)

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(self.pool(x))) + kept)


class ModifiedResNet(nn.Module):
    """Images (B, 3, S, S) → maps after the second stage (S / 8), the third (S / 16), the attention pool (S / 32).

    With the sizes of RN50: 512, 1024 and 1024 channels.
    """

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        width = config.image_width
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        inside = width
        stages = []
        for stage, count in enumerate(config.image_layers):
            blocks = []
            for block in range(count):
                blocks.append(Bottleneck(inside, width << stage, 2 if stage and not block else 1))
                inside = (width << stage) * EXPANSION
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.attnpool = AttentionPool(inside, config.image_heads, config.pool_side, config.joint_width)

    def forward(self, images: Tensor, *, again: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """`again`: stages compute their inner values again on the way back."""
        x = images
        for convolution, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = torch.relu(norm(convolution(x)))
        x = through(self.layer1, nn.functional.avg_pool2d(x, 2), again=again)
        third = through(self.layer2, x, again=again)
        fourth = through(self.layer3, third, again=again)
        return third, fourth, self.attnpool(through(self.layer4, fourth, again=again))
