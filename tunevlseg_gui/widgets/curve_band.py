"""A shaded range around a curve, such as from the lowest to the highest of several seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from tunevlseg_gui.widgets.curve_data import Floats
from tunevlseg_gui.widgets.curve_line import colour_named

OPACITY = 60
"""Of 255."""
MOST = 1_000
"""Points of an edge that are drawn, at least half of them: the range is an outline, not a measurement."""


class CurveBand:
    """`title` in the legend; empty: not there. Its items belong to the plot that they are added to."""

    def __init__(self, title: str, colour: str) -> None:
        """`colour`: a token of the theme, or #RRGGBB."""
        self.title, self.colour = title, colour
        self.visible = True
        self.stale = True
        self._over: tuple[Floats, Floats] | None = None
        self._range: tuple[Floats, Floats] | None = None
        # Curve items, not data items: these keep no path of a line without a pen, and the range would be empty.
        self._edges = [pg.PlotCurveItem(pen=pg.mkPen(None)) for _ in range(2)]
        self._between = pg.FillBetweenItem(*self._edges)
        self._between.setZValue(-5)
        self.paint_theme()

    @property
    def items(self) -> tuple[Any, ...]:
        return (*self._edges, self._between)

    def fill(self, epochs: Floats, low: Floats, high: Floats, minutes: Floats) -> None:
        """Arrays (N,); `epochs` ascending, `minutes` at each epoch's end."""
        self._over, self._range = (epochs, minutes), (low, high)
        self.stale = True

    def draw(self, *, minutes: bool, log: bool) -> None:
        self.stale = False
        if self._over is None or self._range is None:
            return
        over = self._over[1 if minutes else 0]
        (low, high) = self._range
        drawn = (low > 0 if log else np.isfinite(low)) & self.visible
        places = np.flatnonzero(drawn)[:: max(1, int(drawn.sum()) // MOST)]
        for edge, side in zip(self._edges, (low, high), strict=True):
            edge.setData(over[places], side[places])
        self._between.setVisible(self.visible)

    def paint_theme(self) -> None:
        self._between.setBrush(pg.mkBrush(self.fill_colour))

    @property
    def fill_colour(self) -> QColor:
        colour = colour_named(self.colour)
        colour.setAlpha(OPACITY)
        return colour
