"""One curve on a plot: its line, and behind a smoothed one the values as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.curve_data import Floats, Series

MANY = 1_000
"""Points from which lines are one pixel wide and not smoothed at their edges: both cost more than all else."""
GHOST = 110
"""Opacity, of 255, of the values as they are behind their smoothed line."""


def colour_named(name: str) -> QColor:
    """A token of the theme, or #RRGGBB."""
    return look().colour(name) if name in look().tokens else QColor(name)


class CurveLine:
    """`named`: in the legend. What is drawn is made when it is first seen: of a label that nobody asks for, nothing."""

    def __init__(
        self, plot: pg.PlotWidget, title: str, colour: str, *, dashed: bool, named: bool, visible: bool
    ) -> None:
        """`colour`: a token of the theme, or #RRGGBB."""
        self.title, self.colour, self.dashed, self.named, self.visible = title, colour, dashed, named, visible
        self.series = Series()
        self.stale = True
        self.line: Any = None
        self.ghost: Any = None
        self._plot = plot

    def draw(self, *, minutes: bool, smoothing: float, log: bool, ratio: float) -> None:
        """`ratio`: pixels of the screen for one of the window."""
        self.stale = False
        series, fine = self.series, len(self.series) < MANY
        over = series.minutes if minutes else series.epochs
        behind = _drawable(over, series.values, log) if self.visible and smoothing > 0 else (over[:0], over[:0])
        if self.ghost is not None or len(behind[0]):
            self.ghost = self.ghost or self._made()
            self.ghost.setZValue(-1)
            self.ghost.setData(*behind, antialias=fine, pen=self._pen(ratio if fine else 1, GHOST))
        values = series.smoothed(smoothing) if smoothing else series.values
        shown = _drawable(over, values, log) if self.visible else (over[:0], over[:0])
        if self.line is not None or len(shown[0]):
            self.line = self.line or self._made()
            # A pen's width is in pixels of the screen, of which there are more on a fine one.
            self.line.setData(*shown, antialias=fine, pen=self._pen(2 * ratio if fine else 1))
            self.line.setSymbol("o" if len(shown[0]) == 1 else None)

    def _made(self) -> Any:
        # Two points for each pixel, the least and the most of what lies there, are all that can be seen.
        made = pg.PlotDataItem(skipFiniteCheck=True, autoDownsampleFactor=1.0)
        made.setSymbolBrush(pg.mkBrush(colour_named(self.colour)))
        made.setSymbolPen(pg.mkPen(colour_named(self.colour)))
        self._plot.addItem(made)
        return made

    def remove(self) -> None:
        """From the plot, for good."""
        for item in (self.ghost, self.line):
            if item is not None:
                self._plot.removeItem(item)

    def paint_theme(self) -> None:
        if self.line is not None:
            self.line.setSymbolBrush(pg.mkBrush(colour_named(self.colour)))
            self.line.setSymbolPen(pg.mkPen(colour_named(self.colour)))
        self.stale = True

    def value_at(self, epoch: float, smoothing: float) -> str:
        """Its value at an epoch, with the smoothed one in brackets; empty where it has none there."""
        at = self.series.at(epoch)
        if at is None or self.series.epochs[at] != epoch:
            return ""
        value = f"{self.series.values[at]:.4g}"
        return f"{value} ({self.series.smoothed(smoothing)[at]:.4g})" if smoothing else value

    def _pen(self, width: float, alpha: int = 255) -> Any:
        colour = colour_named(self.colour)
        colour.setAlpha(alpha)
        style = Qt.PenStyle.DashLine if self.dashed else Qt.PenStyle.SolidLine
        return pg.mkPen(colour, width=width, style=style)


def _drawable(over: Floats, values: Floats, log: bool) -> tuple[Floats, Floats]:
    """Points with a place: minutes may be unknown, and 0 has no logarithm."""
    known = np.isfinite(over)
    if log:
        known &= values > 0
    return (over, values) if known.all() else (over[known], values[known])
