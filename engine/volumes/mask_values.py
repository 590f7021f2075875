"""What the numbers of a mask file mean: one thing against the background, or several labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LOW, _HIGH = 16, 239  # how far from 0 and 255 lossy compression and resizing blur a binary mask
_BLURRED_KINDS = 8


def binary_or_labels(values: NDArray[Any], *, lossy: bool = False) -> tuple[NDArray[Any], str | None]:
    """Label numbers (uint8 or uint16, same shape) and a note where values were changed, else None.

    {0, 255} and greys that are blurred versions of it become {0, 1}, cut at one half; everything else stays as it is.
    `lossy`: the file was a JPEG (`Volume.lossy`), where greys between black and white are never labels.
    `values` are the integers that `read_mask` gives; raises ValueError for fractions or negative numbers.
    """
    if values.dtype == np.bool_:
        return values.view(np.uint8), None
    if values.dtype.kind not in "iu" or (values.size and (int(values.min()) < 0 or int(values.max()) > 65_535)):
        raise ValueError("a mask holds whole numbers from 0 to 65535")
    top = int(values.max()) if values.size else 0
    if top <= 1 or top > 255:
        return values.astype(np.uint8 if top <= 255 else np.uint16, copy=False), None
    if top == 255 and not lossy and np.count_nonzero(values) == np.count_nonzero(values == 255):
        return (values == 255).astype(np.uint8), None
    counts = np.bincount(values.ravel(), minlength=256)
    kinds = np.flatnonzero(counts)
    if set(kinds.tolist()) <= {0, 255}:
        return (values == 255).astype(np.uint8), None
    low, high = int(counts[: _LOW + 1].sum()), int(counts[_HIGH:].sum())
    between = int(counts[_LOW + 1 : _HIGH].sum())
    blurred_kinds = int((kinds > _LOW).sum() - (kinds >= _HIGH).sum())
    # Labels are few, or spread evenly; a blurred edge is a thin line of many greys between two large areas.
    blurred = top >= _HIGH and blurred_kinds >= _BLURRED_KINDS and high > between and low + high > 4 * between
    if blurred or (lossy and (top > _LOW or blurred_kinds)):
        return (values > 127).astype(
            np.uint8
        ), f"Greys between black and white ({len(kinds)} values) were cut at one half."
    if lossy:
        return np.zeros(values.shape, np.uint8), "Faint noise of the JPEG compression was taken for background."
    return values.astype(np.uint8, copy=False), None
