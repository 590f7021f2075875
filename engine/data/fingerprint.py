"""Images that look the same: a perceptual hash finds pairs quickly, their small copies confirm them.

The hash is dHash (N. Krawetz, "Kind of Like That", 2013): whether each of 9 × 8 grey levels is brighter than the next,
64 bits that survive another size, compression and brightness. Images of one organ in one position share much of it, so
a pair counts only where also the fine structure of both small copies agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
MOST_BITS = 10
"""Bits of 64 in which the hashes of a pair may differ."""
LEAST_LIKENESS = 0.9
"""Correlation of the fine structure, from which on two images are told to be near-duplicates."""

_LEAST_CONTRAST = 1.5  # standard deviation in grey levels: of what is flat, nothing can be said
_ROWS_AT_ONCE = 512
_PAIRS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`bits` is the hash; `small` the image as uint8 [SIDE, SIDE], row by row."""

    bits: int
    small: bytes


def fingerprint(plane: NDArray[Any]) -> Fingerprint | None:
    """Of a slice [h, w] or [h, w, 3]; None for one without structure."""
    # Every second or third pixel is as good: each of the small copy's stands for a hundred.
    step = max(1, min(plane.shape[:2]) // (5 * SIDE))
    grey = _grey(plane[::step, ::step])
    small = np.asarray(Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BOX))
    if float(small.std()) < _LEAST_CONTRAST:
        return None
    tiny = np.asarray(Image.fromarray(small).resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = np.packbits((tiny[:, 1:] > tiny[:, :-1]).ravel())
    return Fingerprint(int.from_bytes(bits.tobytes(), "big"), small.tobytes())


def _grey(plane: NDArray[Any]) -> NDArray[np.uint8]:
    if plane.dtype == np.uint8:
        # A channel by itself stands for the picture: only its structure is looked at.
        channel: NDArray[np.uint8] = np.ascontiguousarray(plane[..., 1] if plane.ndim == 3 else plane)
        return channel
    low, high = (float(value) for value in np.percentile(plane, (1, 99)))
    scaled = (plane.astype(np.float32) - low) * (255 / max(high - low, 1e-6))
    levels: NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return levels


def near_duplicates(prints: Sequence[Fingerprint | None]) -> list[tuple[int, int, float]]:
    """Pairs of places (first < second) that look the same, with their likeness (0 … 1).

    All pairs of hashes are compared, some hundred million a second, a block of rows at a time.
    """
    places = np.array([at for at, found in enumerate(prints) if found is not None], dtype=np.intp)
    if len(places) < 2:
        return []
    bits = np.array([found.bits for found in prints if found is not None], dtype=np.uint64)
    small = np.frombuffer(b"".join(found.small for found in prints if found is not None), np.uint8)
    small = small.reshape(-1, SIDE, SIDE)
    pairs: list[tuple[int, int, float]] = []
    for start in range(0, len(bits), _ROWS_AT_ONCE):
        rows = bits[start : start + _ROWS_AT_ONCE]
        apart = np.bitwise_count(rows[:, None] ^ bits[None, start:])
        first, second = np.nonzero(apart <= MOST_BITS)
        later = second > first
        first, second = first[later] + start, second[later] + start
        # Where everything looks alike there may be millions of candidates: they too are taken in parts.
        for part in range(0, len(first), _PAIRS_AT_ONCE):
            ones, others = first[part : part + _PAIRS_AT_ONCE], second[part : part + _PAIRS_AT_ONCE]
            likeness = np.einsum("ij,ij->i", _fine(small[ones]), _fine(small[others]))
            for at in np.flatnonzero(likeness >= LEAST_LIKENESS):
                pairs.append((int(places[ones[at]]), int(places[others[at]]), float(likeness[at])))
    return pairs


def _fine(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is left of small copies [N, SIDE, SIDE] without coarse light and shade: [N, SIDE²], of unit length each."""
    images = small.astype(np.float32)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)), mode="edge")
    coarse = np.zeros_like(images)
    for row in range(5):
        for column in range(5):
            coarse += padded[:, row : row + SIDE, column : column + SIDE]
    flat = (images - coarse / 25).reshape(len(images), -1)
    length = np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    fine: NDArray[np.float32] = (flat / length).astype(np.float32)
    return fine
