"""Each case as a point: its score by one run to the right, by another upwards. Imports pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.band_plot import colour_of


class PairPlot(QWidget):
    """Hovering tells the case, a click chooses it. The line is where both score the same."""

    chosen = Signal(int)  # number of the point

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._points: list[tuple[float, float, str, int]] = []
        self._axes = ("", "")
        self._marked = -1
        self._plot = pg.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.getViewBox().setAspectLocked(True)
        self._scatter = pg.ScatterPlotItem(size=9, hoverable=True, hoverSize=13, tip=self._told)
        self._scatter.sigClicked.connect(self._clicked)
        self._ring = pg.ScatterPlotItem(size=17)
        self._line = pg.PlotCurveItem()
        for item in (self._line, self._ring, self._scatter):
            self._plot.addItem(item)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._plot)
        look().changed.connect(self.redraw)

    @property
    def points(self) -> list[tuple[float, float, str, int]]:
        """What is drawn: right, up, words, group (a colour each)."""
        return self._points

    def show_points(self, points: Sequence[tuple[float, float, str, int]], bottom: str, left: str) -> None:
        self._points, self._axes, self._marked = list(points), (bottom, left), -1
        self.redraw()

    def mark(self, number: int) -> None:
        """A ring around a point; -1: none."""
        self._marked = number
        self._draw_ring()

    def _told(self, x: float, y: float, data: Any) -> str:
        return f"{data[1]}\n{self._axes[0]}: {x:.3f}\n{self._axes[1]}: {y:.3f}"

    def _clicked(self, item: Any, points: Sequence[Any], event: Any) -> None:
        del item, event
        if len(points):
            self.chosen.emit(int(points[0].data()[0]))

    def redraw(self) -> None:
        tokens = look().tokens
        self._plot.setBackground(tokens["plot"])
        for side, words in zip(("bottom", "left"), self._axes, strict=True):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(tokens["grid"]))
            axis.setTextPen(pg.mkPen(tokens["muted"]))
            axis.enableAutoSIPrefix(False)
            self._plot.setLabel(side, words, color=tokens["muted"])
        values = [value for x, y, _, _ in self._points for value in (x, y)]
        top = max([1.0, *values])
        self._line.setData([0, top], [0, top])
        self._line.setPen(pg.mkPen(tokens["strong_border"], width=1, style=Qt.PenStyle.DashLine))
        self._scatter.setData(
            [
                {
                    "pos": (x, y),
                    "data": (number, words),
                    "brush": pg.mkBrush(colour_of(group)),
                    "pen": pg.mkPen(tokens["plot"]),
                }
                for number, (x, y, words, group) in enumerate(self._points)
            ]
        )
        self._plot.setRange(xRange=(0, top), yRange=(0, top), padding=0.03)
        self._draw_ring()

    def _draw_ring(self) -> None:
        there = 0 <= self._marked < len(self._points)
        self._ring.setData([{"pos": self._points[self._marked][:2]}] if there else [])
        self._ring.setBrush(pg.mkBrush(None))
        self._ring.setPen(pg.mkPen(look().tokens["text"], width=2))
