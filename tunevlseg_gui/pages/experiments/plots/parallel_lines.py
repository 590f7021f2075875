"""The lines of parallel coordinates as pictures, drawn off the window's thread. No Qt but its pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QImage

from tunevlseg_gui.pages.experiments.plots.line_raster import raster
from tunevlseg_gui.pages.experiments.study_data import Bools, Floats

COLOURS = 24
SHARP = 300
"""Lines up to which a screen's finer dots are used."""


def shades_of(places: Floats, up: bool) -> Any:
    """(n,): 0 for the worst to COLOURS - 1 for the best; by rank, so that an outlier does not take all colours."""
    order = np.argsort(np.argsort(np.where(np.isfinite(places), places, -np.inf if up else np.inf)))
    share = order / max(1, len(places) - 1)
    return np.clip(((share if up else 1 - share) * COLOURS).astype(int), 0, COLOURS - 1)


def lines(
    xs: Floats, ys: Floats, chosen: Bools, shades: Any, shown: Bools, size: tuple[int, int], ratio: float, grey: str,
    dark: bool,
) -> list[QImage]:  # fmt: skip
    """Two pictures of `size`: the trials that are not chosen, and those that are, the best on top."""
    ratio = ratio if shown.sum() <= SHARP else 1.0  # a cloud of lines looks the same, and takes a quarter of the time
    table = pg.colormap.get("viridis").getLookupTable(0.15 if dark else 0.0, 1.0 if dark else 0.85, COLOURS)
    table = table if dark else table[::-1]  # the best stand out from the ground
    faint = QColor(grey)
    found = []
    for rows, colours in (
        (np.flatnonzero(shown & ~chosen), [faint.getRgb()[:3]] * COLOURS),
        (np.flatnonzero(chosen), table),
    ):
        strength = (0.9 if len(rows) < 100 else 0.5) if colours is table else 0.12
        wide, high = max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))
        drawn = raster(xs * ratio, ys[rows] * ratio, shades[rows], colours, (wide, high), strength)
        picture = QImage(drawn.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888).copy()
        found.append(picture)
    return found
