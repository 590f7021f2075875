"""Slices across the rows of a mapped volume, from a copy in which they lie in one piece. No Qt.

A sagittal slice of 512 × 512 × 400 voxels takes one cache line of memory from each of 204,800 rows: 13 MB for 0.4 MB of
values, and as long as memory takes for that. Copied once, half a second of another thread's work, the same slice is
read a hundred times as fast. The copy is a file that has no name and is mapped: it goes with the process, and what is
not looked at takes no memory.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST = 16 << 20
"""Bytes: what is smaller stays in the processor's cache anyway."""
LARGEST = 1 << 30
ROOM = 4
"""The disk must have so many times the room that a copy takes."""
SLAB = 8
"""Slices at a time: 4 MB of them, so that little memory is held meanwhile."""


@dataclass(eq=False)
class Wanted:
    """A copy that is to be made, on another thread."""

    array: NDArray[Any]  # held, so that its identity is no other array's
    stopped: bool = False
    copy: NDArray[Any] | None = field(default=None, repr=False)

    def make(self) -> None:
        """Leaves `copy` None where it is no longer wanted or there is no room."""
        try:
            self.copy = swapped(self.array, lambda: self.stopped)
        except OSError:
            self.copy = None


class AcrossCopies:
    """Those of a scan and its layers. `want` is called with what should be made; what is never made costs time only."""

    def __init__(self) -> None:
        self.want: Callable[[Wanted], None] | None = None
        self._known: dict[int, Wanted] = {}

    def of(self, array: NDArray[Any]) -> NDArray[Any] | None:
        """The same values [z, y, x] as another view, or None; then one is wanted from now on.

        Not for arrays that change in place, as those of an answer on its way do.
        """
        known = self._known.get(id(array))
        if known is not None:
            return known.copy
        if self.want is not None and _worth_it(array):
            self._known[id(array)] = made = Wanted(array)
            self.want(made)
        return None

    def keep(self, arrays: Iterable[NDArray[Any]]) -> None:
        """Forgets those of all other arrays."""
        kept = {id(array) for array in arrays}
        for key in [key for key in self._known if key not in kept]:
            self._known.pop(key).stopped = True


def swapped(array: NDArray[Any], stopped: Callable[[], bool] = lambda: False) -> NDArray[Any] | None:
    """A copy [z, y, x] of a mapped volume, as [x, z, y] in a file; None where it was stopped. Raises OSError."""
    z, y, x = array.shape
    folder = Path(str(getattr(array, "filename", None) or tempfile.gettempdir())).parent
    if shutil.disk_usage(folder).free < ROOM * array.nbytes:
        return None
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(array.nbytes)
        for first in range(0, z, SLAB):
            if stopped():
                return None
            block = np.ascontiguousarray(array[first : first + SLAB].transpose(2, 0, 1))
            for column in range(x):
                file.seek((column * z + first) * y * array.itemsize)
                file.write(block[column].data)
        file.flush()
        mapped: NDArray[Any] = np.memmap(file, array.dtype, "r", shape=(x, z, y))
    return np.moveaxis(mapped, 0, 2)


def _worth_it(array: NDArray[Any]) -> bool:
    """What is in memory is changed in place; it is read as it lies."""
    mapped = isinstance(array, np.memmap) and not array.flags.writeable and array.filename is not None
    return mapped and array.ndim == 3 and SMALLEST <= array.nbytes <= LARGEST
