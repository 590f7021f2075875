"""Random changes of training images, as numbers; `engine.data.batch` applies them to a whole batch on its device.

`published` follows the study's training pipeline (reference: albumentations 1.4.7, Affine then
RandomBrightnessContrast, each applied to a fifth of the images): scale 0.98 to 1.02 for each axis, shift ±2 %, turn
±5°, border replicated, bicubic for the image and nearest for masks; contrast and brightness ±0.1. It has no flips: they
would swap left and right, which a phrase may name. Flips (each of half of the images) and turns of any image come
beside it, asked for one by one; `engine.data.sides` refuses them where a phrase speaks against them.

Changes are drawn anew in every epoch, or as `views`: the draws of the first epochs come round again, so that what the
frozen image tower says of a view is computed once. Each view is drawn as published, 64 % of them therefore unchanged;
these are one and the same view of their image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.data.config import DataConfig

_PROBABILITY = 0.2
_FLIPPED = 0.5
_SCALE = 0.02
_SHIFT = 0.02
_DEGREES = 5.0
_CONTRAST = 0.1
_BRIGHTNESS = 0.1


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What may happen to a training image, as in DataConfig; `rotate` in degrees, either way.

    `views`: after how many epochs the same changes come again; 0: never.
    """

    kind: str = "none"  # none | published
    flip_horizontal: bool = False
    flip_vertical: bool = False
    rotate: float = 0.0
    views: int = 0

    @classmethod
    def of(cls, config: DataConfig, *, kept: bool = True) -> Augmentation:
        """`kept`: whether anything is computed once a view. Where not, views would only cost variety."""
        kind = "none" if config.augment == "none" else "published"
        views = 0 if config.augment == "published" or not kept else config.augment_views
        return cls(kind, config.flip_horizontal, config.flip_vertical, config.rotate, views)

    def __bool__(self) -> bool:
        return replace(self, views=0) != Augmentation()

    def view(self, epoch: int) -> int:
        """Which view an epoch (counted from 1) takes, counted from 1; without views the epoch itself."""
        return (epoch - 1) % self.views + 1 if self.views else epoch

    def told(self) -> str:
        """In words."""
        if not self:
            return "none"
        return f"{self.views} views of each image, drawn once" if self.views else "drawn anew in every epoch"


UNCHANGED = Augmentation()
PUBLISHED = Augmentation("published")


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

    def __len__(self) -> int:
        return len(self.gain)

    def at(self, rows: NDArray[np.int64]) -> Changes:
        """Those of some of the samples."""
        return Changes(self.theta[rows], self.gain[rows], self.offset[rows], self.moved[rows], self.relit[rows])

    def digest(self, row: int) -> bytes:
        """What happens to one sample, as bytes: the same for the same change."""
        values = [*self.theta[row].ravel(), self.gain[row], self.offset[row]]
        return np.array(values, np.float32).tobytes()


def draw_changes(augmentation: Augmentation, positions: NDArray[np.int64], seed: int, epoch: int) -> Changes:
    """Drawn from (seed, view of the epoch, position) alone: neither batch size nor an interruption changes them.

    An image is mirrored first, then turned, then changed as published. Turns are those of the square that the network
    sees. Raises ValueError for a kind that is neither none nor published.
    """
    if augmentation.kind not in ("none", "published"):
        raise ValueError(f"no such augmentation: {augmentation.kind!r}")
    count = len(positions)
    theta = np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1))
    gain, offset = np.ones(count, np.float32), np.zeros(count, np.float32)
    moved, relit = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    view = augmentation.view(epoch)
    for row, position in enumerate(positions):
        rng = np.random.default_rng([seed, view, int(position)])
        # Everything is drawn for every image, so that no setting changes what another one draws.
        move, light = rng.random(2) < _PROBABILITY
        slight = _slight_move(rng)
        contrast, brightness = rng.uniform(-_CONTRAST, _CONTRAST), rng.uniform(-_BRIGHTNESS, _BRIGHTNESS)
        free = _flip_and_turn(rng, augmentation)
        published = augmentation.kind == "published"
        # An output place is mapped to an input place: what happens to an image last is undone first.
        matrix = free @ slight if published and move else free
        if not np.array_equal(matrix, np.eye(3)):
            theta[row], moved[row] = matrix[:2], True
        if published and light:
            gain[row], offset[row], relit[row] = 1 + contrast, brightness * 255, True
    return Changes(theta, gain, offset, moved, relit)


def _slight_move(rng: np.random.Generator) -> NDArray[np.float64]:
    """The published scale, shift and turn, [3, 3]; from output to input, as `affine_grid` wants it."""
    scale_x, scale_y = rng.uniform(1 - _SCALE, 1 + _SCALE, 2)
    # affine_grid's coordinates run from -1 to 1: a share of the width is twice that.
    shift_x, shift_y = rng.uniform(-_SHIFT, _SHIFT, 2) * 2
    angle = np.deg2rad(rng.uniform(-_DEGREES, _DEGREES))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos / scale_x, sin / scale_x, -shift_x], [-sin / scale_y, cos / scale_y, -shift_y], [0, 0, 1]])


def _flip_and_turn(rng: np.random.Generator, augmentation: Augmentation) -> NDArray[np.float64]:
    """Mirrored, then turned, [3, 3]; from output to input. The identity where nothing is asked for."""
    across, down = rng.random(2) < _FLIPPED
    angle = np.deg2rad(rng.uniform(-1, 1) * augmentation.rotate)
    mirror = np.diag(
        [
            -1.0 if across and augmentation.flip_horizontal else 1.0,
            -1.0 if down and augmentation.flip_vertical else 1.0,
            1,
        ]
    )
    if not augmentation.rotate:
        return mirror
    cos, sin = np.cos(angle), np.sin(angle)
    turned: NDArray[np.float64] = mirror @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    return turned
