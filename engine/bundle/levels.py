"""Probabilities as 256 levels, and the one rule that turns them into a mask.

Everything that is stored, shown and saved uses these two functions, so that moving the threshold in the window and
saving the mask give the same voxels:

    level = floor(probability * 255 + 0.5)          one byte a voxel
    in the mask  ⇔  level >= ceil(threshold * 255)

At the usual threshold of one half this is exactly `probability >= 0.5`; at others it differs by less than 1/510.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import OutOfRange


def to_levels(probability: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Probabilities (any shape; values outside 0…1 are clipped, NaN counts as 0) as bytes of the same shape."""
    # In place, and cut off where it is positive anyway: this runs once a slice and phrase.
    scaled = np.multiply(probability, 255.0)
    scaled += 0.5
    lowest, highest = scaled.min(initial=0.5), scaled.max(initial=0.5)
    if not (lowest >= 0.5 and highest <= 255.5):  # NaN is neither
        scaled = np.clip(np.nan_to_num(probability, nan=0.0), 0.0, 1.0) * 255.0 + 0.5
    return np.asarray(scaled, dtype=np.uint8)


def threshold_level(threshold: float) -> int:
    """The lowest level (1…255) that belongs to the mask; raises OutOfRange outside 0 < threshold < 1."""
    if not 0.0 < threshold < 1.0:
        raise OutOfRange(
            f"threshold: {threshold} is outside its limits.", hint="Choose a value between 0 and 1.", field="threshold"
        )
    # Not fooled by 0.2 * 255 = 51.00000000000001.
    return max(1, math.ceil(round(threshold * 255.0, 9)))


def mask_of(levels: NDArray[np.uint8], threshold: float) -> NDArray[np.bool_]:
    """True where a voxel belongs to the mask."""
    return np.asarray(levels >= threshold_level(threshold))
