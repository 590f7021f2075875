"""How a layer goes on from slice to slice: its area on each, and the Dice of neighbours, in every plane at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.volumes.slicing import SliceStack


@dataclass(frozen=True, eq=False)
class SliceProfile:
    """`areas`[axis][i]: pixels of slice i across storage axis z, y or x; `common`[axis][i]: of slices i and i + 1."""

    areas: tuple[NDArray[np.int64], ...]
    common: tuple[NDArray[np.int64], ...]

    def along(self, stack: SliceStack) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Areas [n] in the order of the stack's slices, and Dice of each with the next [n - 1]; NaN: both empty."""
        origin = stack.pixel_of((0, 0, 0))[0]
        steps = [stack.pixel_of(one)[0] - origin for one in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
        axis = next(number for number, step in enumerate(steps) if step)
        areas, common = self.areas[axis], self.common[axis]
        if steps[axis] < 0:
            areas, common = areas[::-1], common[::-1]
        sizes = areas[:-1] + areas[1:]
        with np.errstate(invalid="ignore"):
            return areas, np.where(sizes > 0, 2 * common / np.maximum(sizes, 1), np.nan)


def profile_of(
    levels: NDArray[np.uint8], level: int, stopped: Callable[[], bool] = lambda: False
) -> SliceProfile | None:
    """One pass over [z, y, x], a slice in memory at a time; None where `stopped` says that nobody waits any more."""
    depth, height, width = levels.shape
    areas = [np.zeros(size, np.int64) for size in (depth, height, width)]
    common = [np.zeros(max(size - 1, 0), np.int64) for size in (depth, height, width)]
    before: NDArray[np.bool_] | None = None
    for z in range(depth):
        if stopped():
            return None
        mask = levels[z] >= level
        areas[0][z] = np.count_nonzero(mask)
        if areas[0][z]:
            areas[1] += mask.sum(axis=1)
            areas[2] += mask.sum(axis=0)
            common[1] += (mask[:-1] & mask[1:]).sum(axis=1)
            common[2] += (mask[:, :-1] & mask[:, 1:]).sum(axis=0)
            if before is not None:
                common[0][z - 1] = np.count_nonzero(mask & before)
        before = mask
    return SliceProfile(tuple(areas), tuple(common))
