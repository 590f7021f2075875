"""The neck: three maps of the image, gated by the phrase, become one."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.models.cris.config import CrisConfig
from engine.models.cris.layers import conv_block, linear_block, twice_as_large


class CoordConv(nn.Module):
    """A 3x3 convolution that is also told where it is: two further channels hold x, then y, from -1 to 1."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv1 = conv_block(inside + 2, outside, 3)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        across = torch.linspace(-1, 1, width, device=x.device, dtype=x.dtype)[None, None, None]
        down = torch.linspace(-1, 1, height, device=x.device, dtype=x.dtype)[None, None, :, None]
        rows = (x.shape[0], 1, height, width)
        found: Tensor = self.conv1(torch.cat([x, across.expand(rows), down.expand(rows)], dim=1))
        return found


class FpnNeck(nn.Module):
    """Feature pyramid in two steps: `laterals` reads the image alone, `forward` joins it with the phrase's state."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        _, third, fourth, _ = config.tower_widths
        small, middle, large = config.neck_widths
        self.txt_proj = linear_block(config.joint_width, large)
        self.f1_v_proj = conv_block(config.joint_width, large, 1)
        self.norm_layer = nn.Sequential(nn.BatchNorm2d(large), nn.ReLU(inplace=True))
        self.f2_v_proj = conv_block(fourth, middle, 3)
        self.f2_cat = conv_block(middle + large, middle, 1)
        self.f3_v_proj = conv_block(third, small, 3)
        self.f3_cat = conv_block(small + middle, middle, 1)
        self.f4_proj5 = conv_block(large, middle, 3)
        self.f4_proj4 = conv_block(middle, middle, 3)
        self.f4_proj3 = conv_block(middle, middle, 3)
        self.aggr = conv_block(3 * middle, middle, 1)
        self.coordconv = nn.Sequential(CoordConv(middle, middle), conv_block(middle, middle, 3))
        self._up = twice_as_large()

    def laterals(self, third: Tensor, fourth: Tensor, fifth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The tower's maps at S / 8, S / 16, S / 32 → what the neck reads of them, at S / 16, S / 16, S / 32.

        None of it depends on the phrase: an image is read once, whatever is asked of it.
        """
        return functional.avg_pool2d(self.f3_v_proj(third), 2), self.f2_v_proj(fourth), self.f1_v_proj(fifth)

    def forward(self, laterals: tuple[Tensor, ...], state: Tensor) -> Tensor:
        """`laterals` of N images and `state` (N, joint width) → (N, decoder width, S / 16, S / 16)."""
        third, fourth, fifth = laterals
        f5 = self.norm_layer(fifth * self.txt_proj(state)[:, :, None, None])
        f4 = self.f2_cat(torch.cat([fourth, self._up(f5)], dim=1))
        f3 = self.f3_cat(torch.cat([third, f4], dim=1))
        joined = torch.cat([self.f4_proj3(f3), self.f4_proj4(f4), self._up(self.f4_proj5(f5))], dim=1)
        found: Tensor = self.coordconv(self.aggr(joined))
        return found
