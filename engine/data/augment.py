"""Random changes of training images, as numbers; `engine.data.batch` applies them to a whole batch on its device.

`published` follows the study's training pipeline (reference: albumentations 1.4.7, Affine then
RandomBrightnessContrast, each applied to a fifth of the images): scale 0.98 to 1.02 for each axis, shift ±2 %, turn
±5°, border replicated, bicubic for the image and nearest for masks; contrast and brightness ±0.1. There are no flips:
they would swap left and right, which a phrase may name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PROBABILITY = 0.2
_SCALE = 0.02
_SHIFT = 0.02
_DEGREES = 5.0
_CONTRAST = 0.1
_BRIGHTNESS = 0.1


@dataclass(frozen=True)
class Changes:
    """What happens to each of B samples: `theta` float32 [B, 2, 3] as in torch's `affine_grid`, `gain`, `offset` [B].

    Grey levels from 0 to 255 become level × gain + offset.
    """

    theta: NDArray[np.float32]
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]
    moved: NDArray[np.bool_]
    relit: NDArray[np.bool_]

    @property
    def touched(self) -> NDArray[np.bool_]:
        return self.moved | self.relit


def draw_changes(kind: str, positions: NDArray[np.int64], seed: int, epoch: int) -> Changes:
    """Drawn from (seed, epoch, position) alone: neither batch size nor an interruption changes them.

    Raises ValueError for another `kind` than "published".
    """
    if kind != "published":
        raise ValueError(f"no such augmentation: {kind!r}")
    count = len(positions)
    theta = np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1))
    gain, offset = np.ones(count, np.float32), np.zeros(count, np.float32)
    moved, relit = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for row, position in enumerate(positions):
        rng = np.random.default_rng([seed, epoch, int(position)])
        move, light = rng.random(2) < _PROBABILITY
        scale_x, scale_y = rng.uniform(1 - _SCALE, 1 + _SCALE, 2)
        # affine_grid's coordinates run from -1 to 1: a share of the width is twice that.
        shift_x, shift_y = rng.uniform(-_SHIFT, _SHIFT, 2) * 2
        angle = np.deg2rad(rng.uniform(-_DEGREES, _DEGREES))
        contrast, brightness = rng.uniform(-_CONTRAST, _CONTRAST), rng.uniform(-_BRIGHTNESS, _BRIGHTNESS)
        if move:
            cos, sin = np.cos(angle), np.sin(angle)
            # affine_grid maps an output place to an input place: the inverse of turn, scale and shift.
            theta[row] = [[cos / scale_x, sin / scale_x, -shift_x], [-sin / scale_y, cos / scale_y, -shift_y]]
            moved[row] = True
        if light:
            gain[row], offset[row], relit[row] = 1 + contrast, brightness * 255, True
    return Changes(theta, gain, offset, moved, relit)
