"""Outlines and run lengths, as COCO's JSON holds them, become masks.

Decoded here and not by pycocotools, whose C code writes past its memory for run lengths that were damaged. The formats
are those of its `maskApi.c`: polygons in pixels, with (0, 0) the corner of the first pixel; runs column by column, in
turn outside and inside, as numbers or packed into text (5 bits a character from "0" on, every count after the third as
the difference to the last but one).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def polygon(points: Sequence[float], height: int, width: int) -> NDArray[np.bool_]:
    """Pixels [h, w] whose centre lies inside the outline x1, y1, x2, y2 … (even-odd rule).

    Raises ValueError for fewer than three points, or what is no number.
    """
    corners = np.asarray(points, dtype=np.float64)
    if corners.ndim != 1 or corners.size < 6 or corners.size % 2 or not np.isfinite(corners).all():
        raise ValueError("an outline needs at least three points x, y")
    xs, ys = corners[0::2], corners[1::2]
    crossings = np.zeros((height, width + 1), np.uint8)
    for x0, y0, x1, y1 in zip(xs, ys, np.roll(xs, -1), np.roll(ys, -1), strict=True):
        low, high = (y0, y1) if y0 < y1 else (y1, y0)
        first, last = (int(np.clip(np.ceil(end - 0.5), 0, height)) for end in (low, high))
        if first >= last:
            continue
        rows = np.arange(first, last)
        crossed = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
        crossings[rows, np.clip(np.ceil(crossed - 0.5), 0, width).astype(np.intp)] ^= 1
    return np.bitwise_xor.accumulate(crossings, axis=1)[:, :width].astype(np.bool_)


def run_lengths(counts: Any, height: int, width: int) -> NDArray[np.bool_]:
    """Pixels [h, w] from run lengths, as a list of numbers or as packed text.

    Raises ValueError where they are damaged or do not fill exactly the picture.
    """
    runs = _unpacked(counts, height * width) if isinstance(counts, str | bytes) else counts
    try:
        lengths = np.asarray(runs, dtype=np.int64)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError("run lengths are whole numbers") from error
    if lengths.ndim != 1 or (lengths < 0).any() or (lengths > height * width).any():
        raise ValueError("a run length is out of range")
    if int(lengths.sum()) != height * width:
        raise ValueError(f"the run lengths fill {int(lengths.sum()):,} pixels, the picture has {height * width:,}")
    inside = np.arange(len(lengths)) % 2 == 1
    return np.repeat(inside, lengths).reshape(width, height).T


def pack(mask: NDArray[np.bool_]) -> str:
    """A mask [h, w] as packed run lengths: what `run_lengths` reads."""
    flat = np.concatenate([[False], mask.T.ravel().astype(np.bool_)])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    lengths = np.diff(np.concatenate([[0], changes, [mask.size]])).tolist()
    text: list[str] = []
    for at, length in enumerate(lengths):
        left = length - lengths[at - 2] if at > 2 else length
        while True:
            part = left & 0x1F
            left >>= 5
            more = left != (-1 if part & 0x10 else 0)
            text.append(chr((part | 0x20 if more else part) + 48))
            if not more:
                break
    return "".join(text)


def _unpacked(text: str | bytes, most: int) -> list[int]:
    codes = text.encode("latin-1", "replace") if isinstance(text, str) else text
    counts: list[int] = []
    value = shift = 0
    for code in codes:
        part = code - 48
        if not 0 <= part < 64 or shift > 30:
            raise ValueError("the packed run lengths hold characters that cannot be in them")
        value |= (part & 0x1F) << shift
        shift += 5
        if part & 0x20:
            continue
        if part & 0x10:
            value |= -1 << shift
        if len(counts) > 2:
            value += counts[-2]
        if not 0 <= value <= most:
            raise ValueError("a run length is out of range")
        counts.append(value)
        value = shift = 0
    if shift:
        raise ValueError("the packed run lengths are cut off")
    return counts
