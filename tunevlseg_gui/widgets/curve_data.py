"""Numbers of a curve that grows by the epoch: kept in arrays, smoothed as TensorBoard does; no Qt."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SMALLEST = 1e-100
"""Of a power of the weight within a block: what is smaller could no longer be divided by."""
_NEGLIGIBLE = 1e-17
_SHORT_KERNEL = 0.2
"""Weights up to here forget so quickly that a short sum of neighbours is the same to the last digit."""


class Series:
    """Values by epoch, ascending, with the minutes since the run began; epochs without a finite value are left out."""

    def __init__(self) -> None:
        self._cells: Floats = np.empty((3, 64))
        self._count = 0
        self._smoothed: tuple[float, Floats] | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def epochs(self) -> Floats:
        return self._cells[0, : self._count]

    @property
    def minutes(self) -> Floats:
        return self._cells[1, : self._count]

    @property
    def values(self) -> Floats:
        return self._cells[2, : self._count]

    def put(self, epoch: float, value: float | None, minutes: float = math.nan) -> None:
        """One epoch's value; it and later ones, of an attempt that was interrupted, give way."""
        if self._count and self._cells[0, self._count - 1] >= epoch:
            self._count = int(np.searchsorted(self.epochs, epoch))
            self._smoothed = None
        if value is None or not math.isfinite(value):
            return
        if self._count == self._cells.shape[1]:
            self._cells = np.concatenate([self._cells, np.empty_like(self._cells)], axis=1)
        self._cells[:, self._count] = epoch, minutes, value
        self._count += 1

    def fill(self, epochs: Floats, values: Floats, minutes: Floats) -> None:
        """All values at once, in place of what was there; `epochs` ascending."""
        known = np.isfinite(values)
        self._cells = np.stack([epochs[known], minutes[known], values[known]]).astype(np.float64)
        self._count = self._cells.shape[1]
        self._smoothed = None
        if not self._count:
            self.clear()

    def clear(self) -> None:
        self._cells, self._count, self._smoothed = np.empty((3, 64)), 0, None

    def smoothed(self, weight: float) -> Floats:
        """`smoothed(values, weight)`, kept until something changes; what was only added to is computed on."""
        if weight <= 0:
            return self.values
        known = self._smoothed
        if known is None or known[0] != weight:
            found = smoothed(self.values, weight)
        elif len(known[1]) == self._count:
            return known[1]
        else:
            found = _gone_on(known[1], self.values, weight)
        self._smoothed = (weight, found)
        return found

    def at(self, x: float, *, minutes: bool = False) -> int | None:
        """The place of the value nearest to `x` (an epoch, or minutes); None where there is none."""
        places = self.minutes if minutes else self.epochs
        if not len(places):
            return None
        after = int(np.searchsorted(places, x))
        around = [place for place in (after - 1, after) if 0 <= place < len(places)]
        return min(around, key=lambda place: abs(float(places[place]) - x))


def smoothed(values: Floats, weight: float) -> Floats:
    """The exponential moving average of `values` (N,), from 0 on, divided by the weight that it has gathered: the
    first value stays as it is. `weight` of what was before, 0 to below 1."""
    if weight <= 0 or not len(values):
        return values
    gathered = 1 - weight ** np.arange(1, len(values) + 1, dtype=np.float64)
    found: Floats = _averaged(values, weight, 0.0) / gathered
    return found


def _averaged(values: Floats, weight: float, before: float) -> Floats:
    """y[n] = weight · y[n-1] + (1 - weight) · x[n], with y[-1] = `before`; without a loop over values."""
    if weight <= _SHORT_KERNEL:
        kernel = (1 - weight) * weight ** np.arange(math.ceil(math.log(_NEGLIGIBLE) / math.log(weight)))
        found: Floats = np.convolve(values, kernel)[: len(values)]
        return found + before * weight ** np.arange(1, len(values) + 1)
    size = max(1, int(math.log(_SMALLEST) / math.log(weight)))
    found = np.empty(len(values))
    for start in range(0, len(values), size):
        part = values[start : start + size]
        powers = weight ** np.arange(1, len(part) + 1)
        found[start : start + size] = powers * (before + (1 - weight) * np.cumsum(part / powers))
        before = float(found[start + len(part) - 1])
    return found


def _gone_on(known: Floats, values: Floats, weight: float) -> Floats:
    """`smoothed(values, weight)` where its first part is known."""
    done = len(known)
    gathered = 1 - weight ** np.arange(done + 1, len(values) + 1, dtype=np.float64)
    before = float(known[-1]) * (1 - weight**done) if done else 0.0
    return np.concatenate([known, _averaged(values[done:], weight, before) / gathered])
