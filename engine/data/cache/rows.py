"""The rows of a dataset, wherever they lie, read like arrays: `images[positions]` copies just these out of the map."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.cache.pack import Pack, removed
from engine.data.cache.row import RowLayout

Mend = Callable[[int], NDArray[np.uint8]]
"""Makes the row of a position anew, from its source."""
Place = tuple[Pack, int]
"""A row: its pack, and its number there."""


class StoredRows:
    """`len()` rows by position. Each is compared with its checksum when it is first read.

    A row that differs (a damaged disk) is made anew by `mend`, and its pack is removed from the cache.
    """

    def __init__(self, layout: RowLayout, places: Sequence[Place], mend: Mend) -> None:
        self.layout = layout
        self._places = list(places)
        self._mend = mend
        # What this process wrote itself into memory cannot have been damaged on a disk.
        self._checked = np.array([pack.path is None for pack, _ in self._places], np.bool_)
        self._mended: dict[int, NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def row(self, position: int) -> NDArray[np.uint8]:
        """Bytes [stride], a view. Raises what `mend` does where the row is damaged and its source gone."""
        if position in self._mended:
            return self._mended[position]
        pack, number = self._places[position]
        row = pack.row(number)
        if not self._checked[position]:
            if zlib.crc32(row.data) != pack.checks[number]:
                return self._made_anew(position)
            self._checked[position] = True
        return row

    def _made_anew(self, position: int) -> NDArray[np.uint8]:
        path = self._places[position][0].path
        if path is not None:
            removed(path)
        self._mended[position] = self._mend(position)
        return self._mended[position]

    def rows(self, positions: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
        """Rows one after another; the system is asked for all of them first, so that a disk need not be awaited."""
        for position in positions:
            if not self._checked[position]:
                pack, number = self._places[position]
                pack.will_need(number)
        for position in positions:
            yield self.row(int(position))


class _Part(ABC):
    """One part of every row as a read-only array [N, …]: indexed along its first axis, copies what is asked for."""

    dtype: np.dtype[Any] = np.dtype(np.uint8)

    def __init__(self, rows: StoredRows, shape: tuple[int, ...]) -> None:
        self._stored = rows
        self.shape = (len(rows), *shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Of the array, were it all in memory."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, at: int | slice | NDArray[Any] | Sequence[int]) -> NDArray[Any]:
        """Positions, a slice of them or a mask over them, as numpy takes them; raises IndexError as numpy does."""
        positions = np.arange(len(self), dtype=np.int64)[at]
        found = self._read(np.atleast_1d(positions).reshape(-1))
        return found.reshape(*np.shape(positions), *self.shape[1:])

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[at] for at in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("what is stored in a cache becomes an array by being copied")
        return self[:] if dtype is None else self[:].astype(dtype)

    @abstractmethod
    def _read(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        """The part of the rows at `positions` [P], [P, …]."""


class StoredImages(_Part):
    """uint8 [N, S, S, 3]."""

    def __init__(self, rows: StoredRows) -> None:
        super().__init__(rows, (rows.layout.size, rows.layout.size, 3))

    def _read(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        found = np.empty((len(positions), *self.shape[1:]), np.uint8)
        for at, row in enumerate(self._stored.rows(positions)):
            found[at] = self._stored.layout.image(row)
        return found


class StoredMasks(_Part):
    """uint8 0/1 [N, L, S, S]."""

    def __init__(self, rows: StoredRows) -> None:
        super().__init__(rows, (rows.layout.labels, rows.layout.size, rows.layout.size))

    def _read(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        layout = self._stored.layout
        bits = np.empty((len(positions), layout.labels, layout.plane_bytes), np.uint8)
        for at, row in enumerate(self._stored.rows(positions)):
            bits[at] = layout.mask_bits(row)
        return layout.unpacked(bits)


class StoredVoid(_Part):
    """bool [N, S, S]: pixels whose truth is unknown."""

    dtype = np.dtype(np.bool_)

    def __init__(self, rows: StoredRows) -> None:
        super().__init__(rows, (rows.layout.size, rows.layout.size))

    def _read(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        layout = self._stored.layout
        bits = np.empty((len(positions), layout.plane_bytes), np.uint8)
        for at, row in enumerate(self._stored.rows(positions)):
            bits[at] = layout.void_bits(row)
        return layout.unpacked(bits).view(np.bool_)
