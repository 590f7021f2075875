"""One change of a mask, small: which voxels of a box turned over, packed and compressed. It is its own inverse."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunevlseg_gui.viewer.mask_overlay import Layer

Box = tuple[slice, slice, slice]
"""Part of a volume in storage order, [z, y, x], with whole numbers as limits."""

FULL = np.uint8(255)


@dataclass(frozen=True, slots=True)
class Delta:
    """The voxels of `box` that change sides; turning them over again gives back what was there, bit for bit."""

    box: Box
    packed: bytes

    @property
    def nbytes(self) -> int:
        return len(self.packed)

    def changed(self) -> NDArray[np.bool_]:
        """bool [z, y, x] of the box."""
        shape = shape_of(self.box)
        count = int(np.prod(shape))
        bits = np.frombuffer(zlib.decompress(self.packed), np.uint8)
        return np.unpackbits(bits, count=count).view(np.bool_).reshape(shape)


def shape_of(box: Box) -> tuple[int, int, int]:
    z, y, x = (part.stop - part.start for part in box)
    return z, y, x


def whole_box(shape_zyx: tuple[int, ...]) -> Box:
    z, y, x = (slice(0, size) for size in shape_zyx)
    return z, y, x


def box_around(marked: NDArray[np.bool_]) -> Box | None:
    """The smallest box that holds all that is marked; None where nothing is."""
    planes = np.array([one.any() for one in marked])
    if not planes.any():
        return None
    first, last = _ends(planes)
    flat = np.zeros(marked.shape[1:], np.bool_)
    for one in marked[first : last + 1]:
        flat |= one
    (top, bottom), (left, right) = _ends(flat.any(axis=1)), _ends(flat.any(axis=0))
    return slice(first, last + 1), slice(top, bottom + 1), slice(left, right + 1)


def _ends(line: NDArray[np.bool_]) -> tuple[int, int]:
    hit = np.flatnonzero(line)
    return int(hit[0]), int(hit[-1])


def delta_of(box: Box, changed: NDArray[np.bool_]) -> Delta | None:
    """`changed` bool [z, y, x] lies at `box`; None where nothing is changed."""
    inner = box_around(changed)
    if inner is None:
        return None
    placed = tuple(
        slice(outer.start + part.start, outer.start + part.stop) for outer, part in zip(box, inner, strict=True)
    )
    bits = np.packbits(np.ascontiguousarray(changed[inner]))
    return Delta((placed[0], placed[1], placed[2]), zlib.compress(bits.data, 1))


def difference(levels: NDArray[np.uint8], wanted: NDArray[np.bool_], box: Box | None = None) -> Delta | None:
    """What must turn over in `levels` (0 and 255, [z, y, x]) so that `box` shows `wanted`; None: it does already."""
    place = whole_box(levels.shape) if box is None else box
    return delta_of(place, (levels[place] > 0) != wanted)


def turn_over(layer: Layer, box: Box, changed: NDArray[np.bool_]) -> None:
    """Turns the voxels over in place and keeps the layer's counts right."""
    part = layer.levels[box]
    gone = int(np.count_nonzero(changed & (part > 0)))
    came = int(np.count_nonzero(changed)) - gone
    part ^= changed.view(np.uint8) * FULL
    layer.counts[255] += came - gone
    layer.counts[0] += gone - came
    layer.revision += 1


def apply(layer: Layer, delta: Delta) -> None:
    """Does, and takes back."""
    turn_over(layer, delta.box, delta.changed())
