"""How often each grey value occurs in a dataset: a small histogram a case, laid together over one range.

Taken while a case is open anyway, of an even sample of its values, so that its cost is bounded: about a millisecond,
whatever the size of the scan, a tenth of one for a picture. Each case counts alike, however many voxels it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.volumes.preprocess import looks_like_ct

BINS = 128
SHOWN = 64
_SAMPLE = 40_000
_TAIL = 0.001
"""Share of values at either end that may lie beyond what is shown: a metal clip would leave one bar otherwise."""
_FINE = 1024


@dataclass(frozen=True)
class GreyHistogram:
    """`shares` float32 [BINS] of the values in equal bins from `lowest` to `highest`; few may lie beyond."""

    lowest: float
    highest: float
    shares: NDArray[np.float32]
    eight_bits: bool
    hounsfield: bool

    def up_to(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the values below each edge; within a bin they are taken to lie evenly."""
        own = np.linspace(self.lowest, self.highest, BINS + 1)
        below = np.concatenate([[0.0], np.cumsum(self.shares, dtype=np.float64)])
        return np.asarray(np.interp(edges, own, below), np.float64)


def grey_histogram(voxels: NDArray[Any]) -> GreyHistogram | None:
    """Of a scan [z, y, x] or [z, y, x, 3] (then of the means of the colours); None where it has no finite values."""
    colour = voxels.ndim == 4
    flat = voxels.reshape(-1, voxels.shape[-1]) if colour else voxels.reshape(-1)
    # An odd step does not run along the columns of an image whose width is a power of two.
    sample = flat[:: (len(flat) // _SAMPLE) | 1]
    if voxels.dtype == np.uint8:
        return _of_eight_bits(sample) if len(sample) else None
    values = sample.astype(np.float64).mean(axis=1) if colour else sample.astype(np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = (float(v) for v in np.quantile(values, (_TAIL, 1 - _TAIL)))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    places = np.clip((values - low) * (BINS / (high - low)), 0, BINS - 1e-6).astype(np.int64)
    inside = (values >= low) & (values <= high)
    counts = np.bincount(places[inside], minlength=BINS)
    shares = (counts / max(1, counts.sum())).astype(np.float32)
    return GreyHistogram(low, high, shares, eight_bits=False, hounsfield=looks_like_ct(voxels))


def _of_eight_bits(sample: NDArray[np.uint8]) -> GreyHistogram:
    """Pictures are many: whole numbers take a tenth of the time."""
    grey = sample
    if sample.ndim == 2:
        grey = (sample[:, 0].astype(np.uint16) + sample[:, 1] + sample[:, 2]) // 3
    counts = np.bincount(grey >> 1, minlength=BINS)
    return GreyHistogram(0.0, 256.0, (counts / len(sample)).astype(np.float32), eight_bits=True, hounsfield=False)


def grey_statistics(found: Sequence[GreyHistogram | None]) -> dict[str, Any] | None:
    """`edges` [SHOWN + 1], `shares` [SHOWN] of all values, the share `beyond`, and the `unit`; None without a scan."""
    known = [item for item in found if item is not None]
    if not known:
        return None
    low, high = 0.0, 256.0
    if not all(item.eight_bits for item in known):
        low, high = _range(known)
    edges = np.linspace(low, high, SHOWN + 1)
    below = np.mean([item.up_to(edges) for item in known], axis=0)
    shares = np.diff(below)
    return {
        "edges": edges.tolist(),
        "shares": shares.tolist(),
        "beyond": max(0.0, 1.0 - float(shares.sum())),
        "unit": "HU" if all(item.hounsfield for item in known) else "",
        "cases": len(known),
    }


def _range(known: Sequence[GreyHistogram]) -> tuple[float, float]:
    """Where nearly all values of all cases lie."""
    low, high = min(item.lowest for item in known), max(item.highest for item in known)
    edges = np.linspace(low, high, _FINE + 1)
    below = np.mean([item.up_to(edges) for item in known], axis=0)
    first = int(np.searchsorted(below, _TAIL, side="right")) - 1
    last = int(np.searchsorted(below, 1 - _TAIL, side="left"))
    return float(edges[max(0, first)]), float(edges[min(_FINE, max(last, first + 1))])
