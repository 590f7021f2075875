"""Slices that can be looked at while the rest of a scan is read: the reader leaves them in a file that grows.

They are for looking only. What is segmented, measured or saved is the volume that the reader gives in the end, after
all of its checks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.volumes.geometry import Geometry
from engine.volumes.headers.stored_array import StoredArray

PAUSE_S: Final = 0.1
"""Between two messages: often enough to look smooth."""


@dataclass(frozen=True, slots=True)
class Grown:
    """Slices `first` to `last` - 1 of `file`, a .npy [z, y, x] of its full size from the start, can be shown."""

    file: Path
    first: int
    last: int
    slices: int
    geometry: Geometry | None
    window: tuple[float, float] | None
    """Centre and width that the file's header asks for."""


class EarlySlices:
    """What a reader fills as it decodes, where somebody looks. Where its file cannot be written, nothing is shown."""

    def __init__(self, file: Path, tell: Callable[[Grown], None]) -> None:
        self.path = file
        self._tell = tell
        self._file: FileIO | None = None
        self._start = 0
        self._kind: np.dtype[Any] = np.dtype(np.uint8)
        self._shape = (0, 0, 0)
        self._geometry: Geometry | None = None
        self._window: tuple[float, float] | None = None
        self._ready: list[bool] = []
        self._told = -math.inf
        self._failed = False

    def begin(
        self,
        shape_zyx: tuple[int, int, int],
        kind: DTypeLike,
        geometry: Geometry | None,
        window: tuple[float, float] | None = None,
    ) -> None:
        """The size of the whole is known, and checked, from here on; `kind` holds every value that may come."""
        self._shape, self._geometry, self._window = shape_zyx, geometry, window
        self._kind = np.dtype(kind).newbyteorder("=")
        self._ready = [False] * shape_zyx[0]
        try:
            # Written, not mapped: a full disk is then an error that can be caught.
            self._file = self.path.open("wb", buffering=0)
            header = {"descr": self._kind.str, "fortran_order": False, "shape": shape_zyx}
            np.lib.format.write_array_header_1_0(self._file, header)  # type: ignore[no-untyped-call,unused-ignore]
            self._start = self._file.tell()
            self._file.truncate(self._start + math.prod(shape_zyx) * self._kind.itemsize)
        except OSError:
            self._failed = True

    def put(self, index: int, values: NDArray[Any]) -> None:
        """Slice `index` [y, x], in its unit."""
        if self._failed or self._file is None:
            return
        with np.errstate(invalid="ignore"):
            content = np.ascontiguousarray(values, dtype=self._kind).tobytes()
        try:
            self._file.seek(self._start + index * len(content))
            self._file.write(content)
        except OSError:
            self._failed = True
            return
        self._ready[index] = True
        now = time.monotonic()
        if now - self._told >= PAUSE_S:
            self._told = now
            self._tell(self._grown(index))

    def _grown(self, near: int) -> Grown:
        first = last = near
        while first > 0 and self._ready[first - 1]:
            first -= 1
        while last < len(self._ready) and self._ready[last]:
            last += 1
        return Grown(self.path, first, last, self._shape[0], self._geometry, self._window)

    def close(self) -> None:
        """Nothing more comes. The file stays: whoever was told of it may be about to map it."""
        if self._file is not None:
            self._file.close()


class PlainSlices:
    """The bytes of a stored array, in order, as slices: called with each piece while a packed file is unpacked."""

    def __init__(
        self,
        early: EarlySlices,
        stored: StoredArray,
        kind: np.dtype[Any],
        geometry: Geometry,
        *,
        number: int = 1,
        scale: tuple[float, float] | None = None,
        begins_at: int = 0,
    ) -> None:
        """`kind`: the stored numbers with their byte order; `number`, from 1: which of several volumes; `scale`: slope
        and intercept; `begins_at`: bytes before the array."""
        x, y, z = (*stored.sizes, 1, 1)[:3]
        self._shape = (z, y, x)
        self._early, self._stored, self._kind, self._geometry = early, stored, kind, geometry
        self._scale = None if scale == (1.0, 0.0) else scale
        self._size = x * y * kind.itemsize
        self._skip = begins_at + (number - 1) * z * self._size
        self._held = bytearray()
        self._next = 0

    def __call__(self, piece: bytes) -> None:
        if self._next == self._shape[0]:
            return
        cut = min(self._skip, len(piece))
        self._skip -= cut
        self._held += piece[cut:]
        while len(self._held) >= self._size and self._next < self._shape[0]:
            self._put(self._next, bytes(self._held[: self._size]))
            del self._held[: self._size]
            self._next += 1

    def show_middle(self) -> None:
        """Of a file that is not packed: the slice that a viewer shows first, at once."""
        middle = self._shape[0] // 2
        with self._stored.data_path.open("rb") as file:
            file.seek(self._skip + middle * self._size)
            content = file.read(self._size)
        if len(content) == self._size:
            self._put(middle, content)

    def _put(self, index: int, content: bytes) -> None:
        values: NDArray[Any] = np.frombuffer(content, self._kind).reshape(self._shape[1:])
        if self._scale is not None:
            values = values.astype(np.float32) * np.float32(self._scale[0]) + np.float32(self._scale[1])
        if index == 0 or self._next == 0:
            wide = values.dtype.itemsize > 4 or values.dtype.kind == "f"
            self._early.begin(self._shape, np.float32 if wide else values.dtype, self._geometry)
        self._early.put(index, values)
