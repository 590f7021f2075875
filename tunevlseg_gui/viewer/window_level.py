"""Values → grey: window and level by a table of every value that a 16-bit voxel can have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.volumes.ct_windows import CT_WINDOWS, window_title

SMALLEST_WIDTH = 1e-6


@dataclass(frozen=True, slots=True)
class WindowLevel:
    """Black at center - width / 2, white at center + width / 2, in the scan's own units."""

    center: float
    width: float

    @property
    def limits(self) -> tuple[float, float]:
        return self.center - self.width / 2, self.center + self.width / 2

    @classmethod
    def between(cls, low: float, high: float) -> WindowLevel:
        return cls((low + high) / 2, max(high - low, SMALLEST_WIDTH))

    def dragged(self, right: float, down: float, span: float) -> WindowLevel:
        """After a drag of so many screen pixels: to the right widens, upwards brightens (lowers the level).

        `span` is the width of the scan's own window: a drag over 500 pixels changes as much as that.
        """
        step = span / 500
        return WindowLevel(self.center + down * step, max(self.width + right * step, span / 1000, SMALLEST_WIDTH))


CT_PRESETS: tuple[tuple[str, WindowLevel], ...] = (
    *((window_title(name), WindowLevel(*window)) for name, window in CT_WINDOWS.items()),
)
"""Keys 1 to 6; those that a recipe can name."""


def fits_table(dtype: np.dtype[Any]) -> bool:
    """Whether every value of this type has its place in a table of at most 65,536."""
    return dtype.kind in "iub" and dtype.itemsize <= 2


@lru_cache(maxsize=8)
def grey_table(dtype: str, window: WindowLevel) -> NDArray[np.uint8]:
    """Grey level of each value, found by the value's bits read as an unsigned number: [256] or [65536]."""
    kind = np.dtype(dtype)
    bits = np.arange(256 if kind.itemsize == 1 else 65536, dtype=np.uint8 if kind.itemsize == 1 else np.uint16)
    # A bool's byte is 0 or 1; the other entries are never asked for.
    values = bits if kind.kind == "b" else bits.view(kind)
    return _scaled(values.astype(np.float32), window)


def table_index(slice2d: NDArray[Any]) -> NDArray[Any]:
    """The bits of each value as an unsigned number, a view wherever the byte order is the machine's own."""
    native = slice2d.astype(slice2d.dtype.newbyteorder("="), copy=False)
    return native.view(np.uint8 if native.dtype.itemsize == 1 else np.uint16)


def to_grey(slice2d: NDArray[Any], window: WindowLevel) -> NDArray[np.uint8]:
    """A slice [h, w] of any number type → grey levels; what is no number is black."""
    if fits_table(slice2d.dtype):
        found: NDArray[np.uint8] = np.take(_table_for(slice2d.dtype, window), table_index(slice2d))
        return found
    return _scaled(slice2d.astype(np.float32), window)


def _table_for(dtype: np.dtype[Any], window: WindowLevel) -> NDArray[np.uint8]:
    return grey_table(dtype.newbyteorder("=").str, window)


def _scaled(values: NDArray[np.float32], window: WindowLevel) -> NDArray[np.uint8]:
    low, high = window.limits
    scaled = (values - np.float32(low)) * np.float32(255.0 / max(high - low, SMALLEST_WIDTH)) + np.float32(0.5)
    return np.asarray(np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255), dtype=np.uint8)
