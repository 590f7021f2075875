"""Trials as points over two columns; hovering tells, a drag selects in all plots, the right button steers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.plots.light_plot import LightPlot
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.steer_menu import asks_for_menu
from tunevlseg_gui.pages.experiments.study_data import NUMBER, Column, Study
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.turns import painted_after
from tunevlseg_gui.widgets.veil import veil

NEAR = 12
"""Pixels within which the mouse means a point."""
KEYS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


class TrialPlot(QWidget):
    menu_wanted = Signal(object, object, object)  # number of a trial or None, key → value here, QPoint on the screen

    def __init__(self, selection: Selection, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.selection = selection
        self.study = Study(Path())
        self.x: Column | None = None
        self.y: Column | None = None
        self._known = np.zeros(0, np.int64)  # rows of the study that have a point
        self._missed = False  # a selection that changed while it was out of sight
        self._fitted: Any = None  # both ranges as `show_all` left them
        self.plot = LightPlot()
        self.axes_, self.box = self.plot.axes_, self.plot.box
        self.plot.setMinimumSize(180, 150)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        veil(self.plot)  # empty axes take as long to paint as full ones
        none = pg.mkPen(None)
        self.rest = pg.ScatterPlotItem(size=6, pen=none, pxMode=True)
        self.chosen = pg.ScatterPlotItem(size=8, pen=none, pxMode=True)
        self.best = pg.ScatterPlotItem(size=14, symbol="star", pxMode=True)
        self.ring = pg.ScatterPlotItem(size=17, brush=None, pxMode=True)
        for item in (self.rest, self.chosen, self.best, self.ring):
            self.plot.addItem(item)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.plot)
        self.box.brushed.connect(self._brushed)
        self.box.cleared.connect(selection.clear)
        self.box.clicked.connect(self._clicked)
        self.box.menu_asked.connect(self._menu_asked)
        self.plot.scene().sigMouseMoved.connect(self._moved)
        selection.changed.connect(self._selection_changed)
        selection.current_changed.connect(self._draw_ring)
        look().changed.connect(self.redraw)

    # -- what is shown -------------------------------------------------------------------------------------------

    def show_columns(self, study: Study, x: Column, y: Column) -> None:
        """Where the same columns are shown again, a view that somebody moved stays; any other one grows with what is
        there. It is painted in a turn of its own."""
        painted_after(self.plot, lambda: self._take_columns(study, x, y))

    def _take_columns(self, study: Study, x: Column, y: Column) -> None:
        same = self.x is not None and self.y is not None and (self.x.key, self.y.key) == (x.key, y.key)
        same = same and study.folder == self.study.folder
        self.study, self.x, self.y = study, x, y
        self._known = np.flatnonzero(np.isfinite(x.places) & np.isfinite(y.places))
        for side, column in (("bottom", x), ("left", y)):
            self.axes_[side].show_column(column)
        self.redraw()
        if not same or self._fitted is None or np.allclose(self.box.viewRange(), self._fitted):
            self.show_all()

    def show_all(self) -> None:
        """Both axes as far as the searched ranges and the found values go."""
        if self.x is None or self.y is None:
            return
        self.box.setRange(xRange=self.x.extent, yRange=self.y.extent, padding=0.05, disableAutoRange=True)
        self._fitted = self.box.viewRange()

    def redraw(self) -> None:
        tokens = look().tokens
        self.plot.setBackground(tokens["plot"])
        for side, column in (("bottom", self.x), ("left", self.y)):
            axis: Any = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(tokens["grid"]))
            axis.setTextPen(pg.mkPen(tokens["muted"]))
            if column is not None:
                axis.setLabel(column.title, color=tokens["muted"])
        colour = look().colour("val")
        self.chosen.setBrush(pg.mkBrush(faded(colour, 190)))
        self.rest.setBrush(pg.mkBrush(faded(look().colour("muted"), 60)))
        self.best.setBrush(pg.mkBrush(tokens["best"]))
        self.best.setPen(pg.mkPen(tokens["plot"], width=1))
        self.ring.setPen(pg.mkPen(tokens["text"], width=2))
        self.draw_points()
        self._draw_ring()

    def draw_points(self) -> None:
        if self.x is None or self.y is None:
            return
        self._missed = False
        mask = self.selection.mask(self.study)[self._known]
        for item, rows in ((self.chosen, self._known[mask]), (self.rest, self._known[~mask])):
            item.setData(x=self.x.places[rows], y=self.y.places[rows])
        at = self.study.row_of(self.study.best) if self.study.best is not None else None
        there = [at] if at is not None and at in self._known else []
        self.best.setData(x=self.x.places[there], y=self.y.places[there])

    def _draw_ring(self) -> None:
        current = self.selection.current
        at = self.study.row_of(current) if current is not None and self.isVisible() else None
        there = [at] if at is not None and self.x is not None and at in self._known else []
        if self.x is not None and self.y is not None:
            self.ring.setData(x=self.x.places[there], y=self.y.places[there])

    def _selection_changed(self) -> None:
        if self.isVisible():
            self.draw_points()
        else:
            self._missed = True

    def showEvent(self, event: Any) -> None:
        """What was selected elsewhere meanwhile is drawn now."""
        super().showEvent(event)
        if self._missed:
            self.draw_points()
        self._draw_ring()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Who comes by Tab sees where the arrows go."""
        super().focusInEvent(event)
        self.box.setBorder(pg.mkPen(look().tokens["accent"], width=2))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.box.setBorder(None)

    # -- mouse and keys ------------------------------------------------------------------------------------------

    def point_at(self, scene: QPointF) -> int | None:
        """Row of the study whose point lies nearest, within NEAR pixels."""
        if self.x is None or self.y is None or not len(self._known):
            return None
        place = self.box.mapSceneToView(scene)
        wide, high = self.box.viewPixelSize()
        away = np.hypot(
            (self.x.places[self._known] - place.x()) / wide, (self.y.places[self._known] - place.y()) / high
        )
        nearest = int(away.argmin())
        return int(self._known[nearest]) if away[nearest] <= NEAR else None

    def _moved(self, scene: QPointF) -> None:
        row = self.point_at(scene) if self.box.sceneBoundingRect().contains(scene) else None
        if row is None:
            QToolTip.hideText()
            return
        QToolTip.showText(QCursor.pos() + QPoint(14, 10), self.study.told(row), self.plot)

    def _clicked(self, place: QPointF, more: bool) -> None:
        row = self.point_at(self.box.mapViewToScene(place))
        number = int(self.study.numbers[row]) if row is not None else None
        if more and number is not None:
            self.selection.pick(self.selection.picked ^ {number})
        self.selection.look_at(number)

    def _brushed(self, left: float, right: float, bottom: float, top: float) -> None:
        if self.x is not None and self.y is not None:
            self.selection.brush({self.x.key: (left, right), self.y.key: (bottom, top)}, only=True)

    def _menu_asked(self, place: QPointF, screen: QPointF) -> None:
        row = self.point_at(self.box.mapViewToScene(place))
        self.menu_wanted.emit(self.number_of(row), self.values_at(place), screen.toPoint())

    def number_of(self, row: int | None) -> int | None:
        return int(self.study.numbers[row]) if row is not None else None

    def values_at(self, place: QPointF) -> dict[str, Any]:
        """Settings under the mouse, as the engine takes them."""
        known = {column.key for column in self.study.params}
        pairs = ((self.x, place.x()), (self.y, place.y()))
        return {
            column.key: column.raw(column.at(at)) for column, at in pairs if column is not None and column.key in known
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step through the points from left to right; Escape selects all again; the menu key opens the menu."""
        step = KEYS.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            self.selection.clear()
        elif asks_for_menu(event):
            self.menu_wanted.emit(self.selection.current, {}, self.mapToGlobal(self.rect().center()))
        elif step is not None and self.x is not None and len(self._known):
            order = self._known[np.argsort(self.x.places[self._known], kind="stable")]
            at = self.study.row_of(self.selection.current) if self.selection.current is not None else None
            here = np.flatnonzero(order == at) if at is not None else []
            following = (int(here[0]) + step) % len(order) if len(here) else 0
            self.selection.look_at(int(self.study.numbers[order[following]]))
            self.setAccessibleDescription(self.study.told(int(order[following])))
        else:
            super().keyPressEvent(event)


def faded(colour: QColor, alpha: int) -> QColor:
    colour.setAlpha(alpha)
    return colour


def numbers_of(study: Study) -> Column:
    """When the trials were begun, as a column."""
    found = study.column(NUMBER)
    assert found is not None
    return found
