"""Each case as a point: its score by one run to the right, by another upwards. Imports pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, Qt, Signal
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
        self._places = np.zeros((0, 2))
        self._groups: list[str] = []
        self._words: Sequence[tuple[str, str]] = ()
        self._axes = ("", "")
        self._marked = -1
        self._plot = pg.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.getViewBox().setAspectLocked(True)
        self._legend = self._plot.addLegend(offset=(-4, -4))
        self._scatters: list[Any] = []
        self._ring = pg.ScatterPlotItem(size=17)
        self._line = pg.PlotCurveItem()
        for item in (self._line, self._ring):
            self._plot.addItem(item)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._plot)
        look().changed.connect(self.redraw)

    @property
    def count(self) -> int:
        """How many points are drawn."""
        return len(self._places)

    def show_points(
        self, places: Sequence[tuple[float, float]], words: Sequence[tuple[str, str]], axes: tuple[str, str]
    ) -> None:
        """`places` (n, 2): to the right, upwards; `words`: case and group of each, a colour a group; `axes`: names."""
        self._places = np.asarray(places, np.float64).reshape(-1, 2)
        self._words, self._axes, self._marked = words, axes, -1
        self._groups = list(dict.fromkeys(group for _, group in words))
        self.redraw()

    def mark(self, number: int) -> None:
        """A ring around a point; -1: none."""
        self._marked = number
        self._draw_ring()

    def position(self, number: int) -> Any:
        """Where a point lies in the view that is drawn on (a QPoint)."""
        x, y = self._places[number]
        return self._plot.mapFromScene(self._plot.getViewBox().mapViewToScene(pg.Point(float(x), float(y))))

    def on_screen(self, number: int) -> QPoint:
        """Where a point lies on the screen."""
        return self._plot.viewport().mapToGlobal(self.position(number))

    def _told(self, x: float, y: float, data: Any) -> str:
        case, group = self._words[int(data)]
        return f"{case}, {group}\n{self._axes[0]}: {x:.3f}\n{self._axes[1]}: {y:.3f}"

    def _clicked(self, item: Any, points: Sequence[Any], event: Any) -> None:
        del item
        if len(points):
            # Points lie over each other: the nearest one is meant.
            here = event.pos()
            nearest = min(points, key=lambda point: (point.pos() - here).manhattanLength())
            self.chosen.emit(int(nearest.data()))

    def redraw(self) -> None:
        tokens = look().tokens
        self._plot.setBackground(tokens["plot"])
        for side, words in zip(("bottom", "left"), self._axes, strict=True):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(tokens["grid"]))
            axis.setTextPen(pg.mkPen(tokens["muted"]))
            axis.enableAutoSIPrefix(False)
            self._plot.setLabel(side, words, color=tokens["muted"])
        top = max(1.0, float(self._places.max(initial=1.0)))
        self._line.setData([0, top], [0, top])
        self._line.setPen(pg.mkPen(tokens["strong_border"], width=1, style=Qt.PenStyle.DashLine))
        self._draw_points()
        self._plot.setRange(xRange=(0, top), yRange=(0, top), padding=0.03)
        self._draw_ring()

    def _draw_points(self) -> None:
        """One item a group: thousands of points with a brush each would take a second."""
        for scatter in self._scatters:
            self._plot.removeItem(scatter)
        self._scatters = []
        self._legend.setLabelTextColor(look().tokens["text"])
        self._legend.setVisible(len(self._groups) > 1)
        members = np.array([self._groups.index(group) for _, group in self._words], np.int64)
        for number, name in enumerate(self._groups):
            mine = np.flatnonzero(members == number)
            scatter = pg.ScatterPlotItem(
                x=self._places[mine, 0],
                y=self._places[mine, 1],
                data=mine,
                size=9,
                brush=pg.mkBrush(colour_of(number)),
                pen=pg.mkPen(look().tokens["plot"]),
                hoverable=True,
                hoverSize=13,
                tip=self._told,
                name=name,
            )
            scatter.sigClicked.connect(self._clicked)
            self._plot.addItem(scatter)
            self._scatters.append(scatter)

    def _draw_ring(self) -> None:
        there = 0 <= self._marked < len(self._places)
        self._ring.setData([{"pos": tuple(self._places[self._marked])}] if there else [])
        self._ring.setBrush(pg.mkBrush(None))
        self._ring.setPen(pg.mkPen(look().tokens["text"], width=2))
