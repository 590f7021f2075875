"""Slices across the rows of a volume, read in slabs: a few neighbours cost what one does, since memory comes in lines.

16 bytes are read of each row at a time, as one number: of int16 voxels 8 slices take as long as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDE = 16
"""Bytes of a row that are read at once: those of the widest plain number."""
MOST = 10
"""A scan and its layers: what one plane shows at a time."""


@dataclass(frozen=True, slots=True)
class _Slab:
    array: NDArray[Any]  # held, so that its identity is no other array's
    revision: int
    first: int
    values: NDArray[Any]


class Slabs:
    """Holds a few slabs of one plane. Turning slice by slice through a sagittal plane is then as quick as axial."""

    def __init__(self) -> None:
        self._kept: dict[int, _Slab] = {}

    def slice_of(self, array: NDArray[Any], slices: NDArray[Any], index: int, revision: int = 0) -> NDArray[Any]:
        """`slices[index]`, where `slices` [n, h, w] is a view of `array`; anew where `revision` has changed."""
        if not is_across(slices):
            view: NDArray[Any] = slices[index]
            return view
        thick = max(WIDE // slices.itemsize, 1)
        first = index // thick * thick
        known = self._kept.get(id(array))
        if known is None or known.array is not array or (known.revision, known.first) != (revision, first):
            known = _Slab(array, revision, first, _read(slices[first : first + thick]))
            self._kept.pop(id(array), None)
            self._kept[id(array)] = known
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        found: NDArray[Any] = known.values[index - first]
        return found

    def clear(self) -> None:
        self._kept.clear()


def is_across(slices: NDArray[Any]) -> bool:
    """Whether neighbouring slices [n, h, w] are neighbours in memory, so that one slice is spread over all of it."""
    return slices.ndim == 3 and abs(slices.strides[0]) == slices.itemsize and len(slices) >= 2


def _read(part: NDArray[Any]) -> NDArray[Any]:
    """A copy of slices [n, h, w] whose neighbours lie side by side in memory, either way round."""
    flipped = part.strides[0] < 0
    rows = np.moveaxis(part[::-1] if flipped else part, 0, -1)  # [h, w, n]
    if rows.shape[-1] * rows.itemsize == WIDE:
        copied = np.array(rows.view(np.complex128)[..., 0], order="C")
        back = copied.view(part.dtype).reshape(rows.shape)
    else:
        back = rows.copy()
    values: NDArray[Any] = np.moveaxis(back[..., ::-1] if flipped else back, -1, 0)
    return values
