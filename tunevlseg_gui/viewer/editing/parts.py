"""Connected parts of a mask, by runs: stretches of neighbouring voxels in a row, joined where rows touch.

A mask has far fewer runs than voxels; they are joined in whole arrays at once (label propagation with pointer jumping).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Parts:
    """Runs of a mask [z, y, x]: `row` (z * height + y), `start` and `stop` along x, and the `part` that each is of."""

    shape: tuple[int, int, int]
    row: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    part: NDArray[np.int64]

    def sizes(self) -> NDArray[np.int64]:
        """Voxels of each part, by its number."""
        if not len(self.row):
            return np.zeros(0, np.int64)
        return np.bincount(self.part, weights=self.stop - self.start).astype(np.int64)

    def at(self, voxel: tuple[int, int, int]) -> int | None:
        """The part under a voxel (z, y, x); None beside all parts."""
        row = voxel[0] * self.shape[1] + voxel[1]
        found = np.flatnonzero((self.row == row) & (self.start <= voxel[2]) & (self.stop > voxel[2]))
        return int(self.part[found[0]]) if len(found) else None

    def touching_edge(self) -> NDArray[np.int64]:
        """Parts that reach the border of their slices (rows and columns, not the first and last slice)."""
        y = self.row % self.shape[1]
        at_edge = (y == 0) | (y == self.shape[1] - 1) | (self.start == 0) | (self.stop == self.shape[2])
        return np.unique(self.part[at_edge])

    def mask(self, wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
        """bool [z, y, x] of the parts with these numbers."""
        chosen = np.isin(self.part, wanted)
        edges = np.zeros((self.shape[0] * self.shape[1], self.shape[2] + 1), np.int8)
        edges[self.row[chosen], self.start[chosen]] = 1
        edges[self.row[chosen], self.stop[chosen]] -= 1
        return np.cumsum(edges[:, :-1], axis=1, dtype=np.int8).astype(np.bool_).reshape(self.shape)


def find_parts(mask: NDArray[np.bool_], *, corners: bool) -> Parts:
    """`corners`: voxels that touch at an edge or corner are one part (26 neighbours, 8 on a slice), else 6 (4)."""
    depth, height, width = mask.shape
    framed = np.zeros((depth * height, width + 2), np.int8)
    framed[:, 1:-1] = mask.reshape(depth * height, width)
    change = np.diff(framed, axis=1)
    row, start = np.nonzero(change == 1)
    stop = np.nonzero(change == -1)[1]
    pairs = [(0, 1), (1, 0), (1, 1), (1, -1)] if corners else [(0, 1), (1, 0)]
    joined = [_touching(row, start, stop, dz, dy, mask.shape, int(corners)) for dz, dy in pairs]
    return Parts((depth, height, width), row, start, stop, _joined(len(row), np.concatenate(joined)))


def _touching(
    row: NDArray[np.int64],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    dz: int,
    dy: int,
    shape: tuple[int, ...],
    slack: int,
) -> NDArray[np.int64]:
    """Pairs [n, 2] of runs that touch, the second in the row `dz`, `dy` further on."""
    height, width = shape[1], shape[2] + 2
    y = row % height + dy
    z = row // height + dz
    inside = (y >= 0) & (y < height) & (z < shape[0])
    other = np.where(inside, z * height + y, -1)
    # Runs are in the order of row and place: those that overlap [start, stop) of another row are neighbours in it.
    ends, begins = row * width + stop, row * width + start
    low = np.searchsorted(ends, other * width + start - slack, side="right")
    high = np.searchsorted(begins, other * width + stop + slack, side="left")
    low, high = (
        np.maximum(low, np.searchsorted(row, other)),
        np.minimum(high, np.searchsorted(row, other, side="right")),
    )
    many = np.where(inside, np.maximum(high - low, 0), 0)
    first = np.repeat(np.arange(len(row)), many)
    offset = np.arange(len(first)) - np.repeat(np.cumsum(many) - many, many)
    return np.stack([first, np.repeat(low, many) + offset], axis=1)


def _joined(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The part of each of `count` runs, numbered from 0 on, from pairs that belong together."""
    root = np.arange(count)
    first, second = pairs[:, 0], pairs[:, 1]
    while len(first):
        one, two = root[first], root[second]
        apart = one != two
        if not apart.any():
            break
        first, second, one, two = first[apart], second[apart], one[apart], two[apart]
        np.minimum.at(root, np.maximum(one, two), np.minimum(one, two))
        while True:
            higher = root[root]
            if np.array_equal(higher, root):
                break
            root = higher
    return np.unique(root, return_inverse=True)[1].astype(np.int64)


def part_at(mask: NDArray[np.bool_], voxel: tuple[int, int, int]) -> NDArray[np.bool_]:
    """The part of `mask` [z, y, x] under a voxel (z, y, x), which may touch at corners; nothing beside the mask."""
    parts = find_parts(mask, corners=True)
    found = parts.at(voxel)
    return np.zeros(mask.shape, np.bool_) if found is None else parts.mask(np.array([found]))


def holes_of_slice(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What a mask [h, w] encloses, bool [h, w]; a gap at a corner does not open a hole."""
    parts = find_parts(~mask[None], corners=False)
    inner = np.setdiff1d(np.arange(len(parts.sizes())), parts.touching_edge())
    return parts.mask(inner)[0]


def region_at(mask: NDArray[np.bool_], row: int, column: int) -> tuple[NDArray[np.bool_], bool]:
    """The part of a slice [h, w] outside of its mask round a pixel, and whether the mask encloses it."""
    parts = find_parts(~mask[None], corners=False)
    found = parts.at((0, row, column))
    if found is None:
        return np.zeros(mask.shape, np.bool_), False
    return parts.mask(np.array([found]))[0], found not in parts.touching_edge()
