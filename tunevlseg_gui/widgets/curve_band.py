"""A shaded range around a curve, such as from the lowest to the highest of several seeds."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor

from tunevlseg_gui.widgets.curve_data import Floats
from tunevlseg_gui.widgets.curve_line import colour_named

OPACITY = 60
"""Of 255."""


class CurveBand:
    """`title` in the legend; empty: not there. Its items belong to the plot that they are added to."""

    def __init__(self, title: str, colour: str) -> None:
        """`colour`: a token of the theme, or #RRGGBB."""
        self.title, self.colour = title, colour
        self.visible = True
        self.stale = True
        self._over: tuple[Floats, Floats] | None = None
        self._range: tuple[Floats, Floats] | None = None
        self._edges = [pg.PlotDataItem(pen=None) for _ in range(2)]
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
        drawn = low > 0 if log else slice(None)
        for edge, side in zip(self._edges, (low, high), strict=True):
            shown = self.visible
            edge.setData(over[drawn] if shown else over[:0], side[drawn] if shown else side[:0])
        self._between.setVisible(self.visible)

    def paint_theme(self) -> None:
        self._between.setBrush(pg.mkBrush(self.fill_colour))

    @property
    def fill_colour(self) -> QColor:
        colour = colour_named(self.colour)
        colour.setAlpha(OPACITY)
        return colour
