"""A round brush on slices: which pixels a movement of the mouse covers, and a stroke that paints while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.volumes.slicing import SliceStack
from tunevlseg_gui.viewer.editing.delta import Box, Delta, delta_of, shape_of, turn_over
from tunevlseg_gui.viewer.mask_overlay import Layer

SMALLEST, LARGEST = 0.5, 100.0
STEP = 1.25
"""What one press of a bracket changes the size by."""


@dataclass(frozen=True, slots=True)
class Brush:
    """`radius`: mm on a volume, pixels on a picture. `ball`: reaches into neighbouring slices as well."""

    radius: float = 4.0
    ball: bool = False

    def resized(self, steps: int) -> Brush:
        radius = min(max(self.radius * STEP**steps, SMALLEST), LARGEST)
        return Brush(round(radius, 2), self.ball)


def covered(
    stack: SliceStack, brush: Brush, index: int, start: tuple[float, float], end: tuple[float, float]
) -> tuple[tuple[int, int, int], NDArray[np.bool_]] | None:
    """Where a brush goes from `start` to `end` (row, column) on slice `index`; None beside the slice.

    Gives the corner (slice, row, column), and bool [n, h, w] from there on. Pixels count by their centres; the one
    under the brush always.

    The distance to the way is in millimetres, so that a brush is round in the body on whatever voxels.
    """
    (height, width), (tall, wide), thick = stack.slice_shape, stack.spacing_hw, stack.slice_spacing
    radius = brush.radius
    reach = int(radius / thick) if brush.ball else 0
    first, last = max(0, index - reach), min(len(stack) - 1, index + reach)
    top = max(0, int(np.floor(min(start[0], end[0]) - radius / tall)))
    bottom = min(height - 1, int(np.ceil(max(start[0], end[0]) + radius / tall)))
    left = max(0, int(np.floor(min(start[1], end[1]) - radius / wide)))
    right = min(width - 1, int(np.ceil(max(start[1], end[1]) + radius / wide)))
    if top > bottom or left > right:
        return None
    rows = (np.arange(top, bottom + 1, dtype=np.float32)[:, None] - start[0]) * tall
    columns = (np.arange(left, right + 1, dtype=np.float32)[None, :] - start[1]) * wide
    down, across = (end[0] - start[0]) * tall, (end[1] - start[1]) * wide
    length = down * down + across * across
    along = np.clip((rows * down + columns * across) / length, 0, 1) if length > 1e-6 else np.float32(0)
    squares = (rows - along * down) ** 2 + (columns - along * across) ** 2
    away = ((np.arange(first, last + 1) - index) * thick) ** 2
    inside = squares[None] + away[:, None, None].astype(np.float32) <= radius * radius
    row, column = round(end[0]), round(end[1])
    if top <= row <= bottom and left <= column <= right:
        inside[index - first, row - top, column - left] = True
    return (first, top, left), inside


@dataclass
class Stroke:
    """From the press of a button to its release. Each voxel changes at most once, so that all is one delta."""

    layer: Layer
    stack: SliceStack
    brush: Brush
    value: bool  # True paints, False erases
    _pieces: list[tuple[Box, NDArray[np.bool_]]] = field(default_factory=list)

    def go(self, index: int, start: tuple[float, float], end: tuple[float, float]) -> bool:
        """Paints at once; whether anything changed."""
        found = covered(self.stack, self.brush, index, start, end)
        if found is None:
            return False
        box, inside = self.stack.piece(*found)
        changed = inside & ((self.layer.levels[box] > 0) != self.value)
        if not changed.any():
            return False
        turn_over(self.layer, box, changed)
        self._pieces.append((box, changed))
        return True

    def end(self) -> Delta | None:
        """What the whole stroke changed; None: nothing."""
        if not self._pieces:
            return None
        boxes = [box for box, _ in self._pieces]
        starts = [min(box[axis].start for box in boxes) for axis in range(3)]
        stops = [max(box[axis].stop for box in boxes) for axis in range(3)]
        z, y, x = (slice(start, stop) for start, stop in zip(starts, stops, strict=True))
        changed = np.zeros(shape_of((z, y, x)), np.bool_)
        for box, piece in self._pieces:
            inner = tuple(slice(part.start - start, part.stop - start) for part, start in zip(box, starts, strict=True))
            changed[inner] |= piece
        return delta_of((z, y, x), changed)
