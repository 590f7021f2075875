"""The whole network, with the parts named as in the authors' checkpoints."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.models.cris.backbone import Backbone
from engine.models.cris.config import CrisConfig
from engine.models.cris.cross_decoder import CrossDecoder
from engine.models.cris.fpn_neck import FpnNeck
from engine.models.cris.projector import Projector


class CrisNetwork(nn.Module):
    """`backbone`, `neck`, `decoder`, `proj`; `engine.models.cris_vlsm` runs them."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.neck = FpnNeck(config)
        self.decoder = CrossDecoder(config)
        self.proj = Projector(config)


def enlarge(logits: Tensor, size: int) -> Tensor:
    """(N, 1, h, w) → (N, 1, size, size), bicubic between the centres of the corner pixels (TuneVLSeg's last step).

    Bicubic enlarging works on rows and columns apart: two small matrix products, also going backwards.
    """
    rows, columns = (_enlarging(side, size).to(logits) for side in logits.shape[-2:])
    return rows @ logits @ columns.t()


def _enlarging(side: int, size: int) -> Tensor:
    """(size, side)."""
    unit = torch.eye(side)[None, None]
    return functional.interpolate(unit, size=(size, side), mode="bicubic", align_corners=True)[0, 0]
