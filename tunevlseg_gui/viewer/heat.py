"""Probabilities as colours over a slice, and the table of those colours. No widgets."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunevlseg_gui.viewer.mask_overlay import pack
from tunevlseg_gui.viewer.window_level import WindowLevel, to_grey

FAINT = 64
"""Probabilities below this level (of 255) fade away, so that the scan stays visible where nothing was found."""


@lru_cache(maxsize=1)
def heat_colours() -> NDArray[np.uint8]:
    """RGB of each level [256, 3]: viridis, even in lightness and readable with any colour vision."""
    from pyqtgraph import colormap  # here: it is slow to import, and most sessions need no heat map

    found: NDArray[np.uint8] = colormap.get("viridis").getLookupTable(nPts=256, mode="byte")
    return np.ascontiguousarray(found[:, :3])


def heat_strength(opacity: float) -> NDArray[np.float32]:
    """How much of each level's colour is laid over the scan."""
    strength: NDArray[np.float32] = np.minimum(np.arange(256, dtype=np.float32) / FAINT, 1) * np.float32(opacity)
    return strength


@lru_cache(maxsize=4)
def heat_table(opacity: float) -> NDArray[np.uint32]:
    """0xffRRGGBB for each level and grey: entry `level * 256 + grey`."""
    grey = np.arange(256, dtype=np.float32)[None, :, None]
    strength = heat_strength(opacity)[:, None, None]
    shown = grey * (1 - strength) + heat_colours().astype(np.float32)[:, None, :] * strength
    return pack(np.rint(shown).astype(np.uint8)).ravel()


def compose_heat(
    slice2d: NDArray[Any], window: WindowLevel, levels: NDArray[np.uint8], opacity: float
) -> NDArray[np.uint32]:
    """A slice [h, w] or [h, w, 3] with the colours of its levels [h, w] → 0xffRRGGBB [h, w]."""
    if slice2d.ndim == 3:
        strength = heat_strength(opacity)[levels][..., None]
        mixed = slice2d.astype(np.float32) * (1 - strength) + heat_colours()[levels] * strength
        return np.ascontiguousarray(pack(np.rint(mixed).astype(np.uint8)))
    code = levels.astype(np.uint16)
    code <<= 8
    code |= to_grey(slice2d, window)
    return np.take(heat_table(opacity), code)
