"""Which slices show nothing but air: they need not be asked."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.volumes.preprocess import Preprocess, Range, to_uint8_rgb

DARK: Final = 12
"""The brightest grey level (of 255) that may still be air: noise, but no tissue."""

SHARE: Final = 0.001
"""Share of a slice's pixels that may be brighter: single specks, a table's edge."""

_STEP: Final = 2
"""Every second row and column is looked at: a structure of a few pixels is still seen."""


def is_air(slice2d: NDArray[Any], preprocess: Preprocess, limits: Range) -> bool:
    """Whether a slice [h, w] or [h, w, 3] is dark all over once `limits` (black, white) are applied.

    True where at most 0.1 % of its pixels are brighter than grey level 12 of 255 as the model would see them.
    """
    grey = to_uint8_rgb(slice2d[::_STEP, ::_STEP], preprocess, limits)
    return float(np.mean(grey.max(axis=-1) > DARK)) <= SHARE
