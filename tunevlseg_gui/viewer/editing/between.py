"""Slices between painted ones, by their shape: the mean of signed distances, weighted by nearness.

S. P. Raya and J. K. Udupa, "Shape-based interpolation of multidimensional objects", IEEE Transactions on Medical
Imaging 9(1), 1990: a slice between two is inside where the linear mean of both signed distances to the border is not
negative.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tunevlseg_gui.viewer.editing.delta import box_around


def signed_distance(mask: NDArray[np.bool_], spacing_hw: tuple[float, float]) -> NDArray[np.float32]:
    """Distance of each pixel [h, w] to the border between inside and outside, positive inside, in `spacing_hw`'s unit.

    Exact: to the nearest pixel on the other side, less half a pixel. A mask that is empty is minus infinity everywhere.
    """
    if not mask.any():
        return np.full(mask.shape, -np.inf, np.float32)
    half = min(spacing_hw) / 2
    outside = _distance_to(mask, spacing_hw)
    inside = _distance_to(~mask, spacing_hw)
    return np.where(mask, inside - half, half - outside).astype(np.float32)


def _distance_to(marked: NDArray[np.bool_], spacing_hw: tuple[float, float]) -> NDArray[np.float32]:
    """Euclidean distance to the nearest marked pixel: along rows by two sweeps, then the least over each column."""
    height, width = marked.shape
    tall, wide = spacing_hw
    far = np.float32(4 * (height * tall + width * wide))
    place = np.arange(width)
    last = np.maximum.accumulate(np.where(marked, place, -1), axis=1)
    following = np.minimum.accumulate(np.where(marked, place, 2 * width)[:, ::-1], axis=1)[:, ::-1]
    left = np.where(last >= 0, place - last, 2 * width)
    right = np.where(following < width, following - place, 2 * width)
    along = np.minimum(left, right).astype(np.float32)
    along = np.where(along < width, along * wide, far)
    squares = along * along
    found = np.empty_like(squares)
    down = (np.arange(height, dtype=np.float32) * tall) ** 2
    for row in range(height):
        away = down[np.abs(np.arange(height) - row)]
        np.min(squares + away[:, None], axis=0, out=found[row])
    return np.sqrt(found)


def slices_between(
    mask: NDArray[np.bool_],
    painted: list[int],
    spacing_hw: tuple[float, float],
    told: Callable[[int, int], None] = lambda _done, _total: None,
) -> NDArray[np.bool_]:
    """What a mask [n, h, w] lacks between each two neighbours among its `painted` slices, bool [n, h, w].

    Slices between them that hold something are left as they are. `told(done, total)` after each slice; it may raise.
    """
    made = np.zeros(mask.shape, np.bool_)
    box = box_around(mask)
    if box is None:
        return made
    # A convex mean of both distances is negative beyond both shapes' common box: nothing can appear there.
    _, rows, columns = box
    gaps = [(low, high) for low, high in itertools.pairwise(painted) if high - low > 1]
    total, done = sum(high - low - 1 for low, high in gaps), 0
    for low, high in gaps:
        below, above = (_framed_distance(mask[number, rows, columns], spacing_hw) for number in (low, high))
        for number in range(low + 1, high):
            done += 1
            told(done, total)
            if mask[number].any():
                continue
            part = np.float32((number - low) / (high - low))
            made[number, rows, columns] = below * (1 - part) + above * part >= 0
    return made


def _framed_distance(mask: NDArray[np.bool_], spacing_hw: tuple[float, float]) -> NDArray[np.float32]:
    """As if the mask ended at its box: what lies at the box' edge is one pixel from the outside."""
    return signed_distance(np.pad(mask, 1), spacing_hw)[1:-1, 1:-1]


def painted_slices(mask: NDArray[np.bool_]) -> list[int]:
    """Numbers of the slices of a mask [n, h, w] that hold something."""
    return [int(number) for number, one in enumerate(mask) if one.any()]
