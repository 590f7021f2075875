"""Points of two sets on a map; one of them is looked at, by the mouse or the arrow keys. Imports pyqtgraph: imported
when the first map is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.plot_in_turns import PlotInTurns

_NEAR = 14
"""Pixels within which the mouse means a point."""
_KEYS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


class PointMap(PlotInTurns):
    """The first `own` points are squares, the others circles: shape says what colour says. Axes have no unit."""

    looked_at = Signal(int)  # number of the point; -1: none

    def __init__(self, title: str, name: str, names: tuple[str, str], parent: QWidget | None = None) -> None:
        """`names` of the two sets, own first."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.names = names
        self.points: NDArray[np.float64] = np.zeros((0, 2))
        self.own = 0
        self.chosen = -1
        self.redraw()

    def _make(self) -> Any:
        plot = pg.PlotWidget(enableMenu=False)
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        plot.setMinimumHeight(200)
        plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for side in ("bottom", "left"):
            plot.getAxis(side).setStyle(showValues=False, tickLength=0)
        self._legend = plot.addLegend(offset=(-8, 4))
        plot.scene().sigMouseMoved.connect(self._moved)
        self._ring: Any = pg.ScatterPlotItem(size=16, brush=None)
        plot.addItem(self._ring)
        return plot

    def show_points(self, points: NDArray[np.float64], own: int) -> None:
        """(n, 2); the first `own` of them are of the first set."""
        self.points, self.own = points, own
        self.look_at(self.chosen if self.chosen < len(points) else -1)
        self.redraw()

    def look_at(self, number: int) -> None:
        if number != self.chosen:
            self.chosen = number
            if self._plot is not None:
                self._mark()
            self.looked_at.emit(number)

    def _draw(self) -> None:
        colours = look()
        self._plot.clear()
        self._plot.setBackground(colours.tokens["plot"])
        self._legend.setLabelTextColor(colours.tokens["muted"])
        for side in ("bottom", "left"):
            self._plot.getAxis(side).setPen(pg.mkPen(colours.tokens["grid"]))
        sets = (
            ("val", "o", self.points[self.own :], self.names[1]),
            ("train", "s", self.points[: self.own], self.names[0]),
        )
        for token, symbol, some, name in sets:
            fill = colours.colour(token)
            fill.setAlpha(170)
            self._plot.addItem(
                pg.ScatterPlotItem(
                    x=some[:, 0], y=some[:, 1], symbol=symbol, size=8, brush=fill, pen=pg.mkPen(None), name=name
                )
            )
        self._ring.setPen(pg.mkPen(colours.tokens["text"], width=2))
        self._plot.addItem(self._ring)
        self._mark()

    def _mark(self) -> None:
        here = self.points[self.chosen : self.chosen + 1] if self.chosen >= 0 else self.points[:0]
        self._ring.setData(x=here[:, 0], y=here[:, 1])

    def _moved(self, place: QPointF) -> None:
        if not len(self.points):
            return
        box = self._plot.getViewBox()
        seen = [box.mapViewToScene(QPointF(x, y)) for x, y in self.points]
        away = np.array([np.hypot(at.x() - place.x(), at.y() - place.y()) for at in seen])
        nearest = int(away.argmin())
        self.look_at(nearest if away[nearest] <= _NEAR else -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step through the points from left to right."""
        step = _KEYS.get(Qt.Key(event.key()))
        if step is None or not len(self.points) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        order = np.argsort(self.points[:, 0], kind="stable").tolist()
        at = order.index(self.chosen) if self.chosen >= 0 else (-1 if step > 0 else 0)
        self.look_at(order[(at + step) % len(order)])
