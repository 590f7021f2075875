"""Parallel coordinates: a line for each trial over all settings and the objective.

Lines are drawn off the window's thread into two pictures (the others, faint; the selected, coloured by the objective);
the window only lays them under the axes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QCursor, QFont, QImage, QKeyEvent, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.experiments.plots.line_raster import raster
from tunevlseg_gui.pages.experiments.plots.parallel_axes import ParallelAxes
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Bools, Column, Floats, Study
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.text import label

TOP, BOTTOM, SIDE = 46.0, 18.0, 70.0
NEAR = 22.0
COLOURS = 24
SOON_MS = 40
SHARP = 300
"""Lines up to which a screen's finer dots are used."""


class ParallelItem(pg.GraphicsWidget):  # type: ignore[misc]
    """`marked`: the axis that keys are about. A drag along an axis selects; a click on its name turns it round."""

    brushed = Signal(str, object)  # column's key, (low, high) in places of its own axis or None
    flip_wanted = Signal(str)
    menu_asked = Signal(object, object)  # key of the axis or None, QPoint on the screen
    looked_at = Signal(object)  # row of the study or None

    def __init__(self, axes: ParallelAxes, selection: Selection) -> None:
        super().__init__()
        self.setAcceptHoverEvents(True)
        self.axes, self.selection = axes, selection
        self.study: Study | None = None
        self.units: Floats = np.zeros((0, 0))
        self.pictures: list[QImage] = []
        self.marked = 0
        self._drag: tuple[Column, float, float] | None = None

    # -- geometry ------------------------------------------------------------------------------------------------

    def x_of(self, at: int) -> float:
        many = max(1, len(self.axes.columns) - 1)
        return SIDE + (self.size().width() - 2 * SIDE) * at / many

    def y_of(self, unit: float) -> float:
        high = self.size().height() - TOP - BOTTOM
        return TOP + (1 - unit) * high

    def unit_of(self, y: float) -> float:
        high = max(1.0, self.size().height() - TOP - BOTTOM)
        return min(1.0, max(0.0, 1 - (y - TOP) / high))

    def axis_at(self, place: QPointF) -> Column | None:
        if not self.axes.columns:
            return None
        away = [abs(self.x_of(at) - place.x()) for at in range(len(self.axes.columns))]
        nearest = int(np.argmin(away))
        return self.axes.columns[nearest] if away[nearest] <= NEAR else None

    def row_at(self, place: QPointF) -> int | None:
        """The line nearest to the mouse, within 6 pixels, among the selected ones."""
        if self.study is None or not self.study.n or len(self.axes.columns) < 2:
            return None
        step = self.x_of(1) - self.x_of(0)
        at = min(len(self.axes.columns) - 2, max(0, int((place.x() - SIDE) // max(1.0, step))))
        share = min(1.0, max(0.0, (place.x() - self.x_of(at)) / max(1.0, step)))
        with np.errstate(invalid="ignore"):
            units = self.units[:, at] * (1 - share) + self.units[:, at + 1] * share
        away = np.abs((1 - units) * (self.size().height() - TOP - BOTTOM) + TOP - place.y())
        away[~self.selection.mask(self.study)] = np.inf
        away[np.isnan(away)] = np.inf
        nearest = int(away.argmin())
        return nearest if away[nearest] <= 6 else None

    # -- painting ------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, *_: Any) -> None:
        tokens = look().tokens
        whole = QRectF(0, 0, self.size().width(), self.size().height())
        for picture in self.pictures:
            painter.drawImage(whole, picture)
        if self.study is None:
            return
        self._paint_current(painter)
        small, strong = QFont(painter.font()), QFont(painter.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 1.5))
        strong.setBold(True)
        for at, column in enumerate(self.axes.columns):
            x = self.x_of(at)
            painter.setPen(QPen(QColor(tokens["strong_border"]), 1.5))
            painter.drawLine(QPointF(x, self.y_of(0)), QPointF(x, self.y_of(1)))
            self._paint_brush(painter, column, x)
            painter.setFont(small)
            for unit, words in self.axes.ticks(column):
                y = self.y_of(unit)
                painter.setPen(QColor(tokens["strong_border"]))
                painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))
                box = painter.fontMetrics().boundingRect(words).adjusted(-2, -1, 2, 1)
                place = QRectF(x + 6, y - box.height() / 2, box.width() + 2, box.height())
                painter.fillRect(place, QColor(tokens["plot"]))
                painter.setPen(QColor(tokens["muted"]))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
            self._paint_title(painter, column, x, strong if at == self.marked and self._focused() else small)

    def _focused(self) -> bool:
        view = self.getViewWidget()
        return view is not None and view.parentWidget() is not None and view.parentWidget().hasFocus()

    def _paint_title(self, painter: QPainter, column: Column, x: float, font: QFont) -> None:
        painter.setFont(font)
        painter.setPen(look().colour("text"))
        step = self.x_of(1) - self.x_of(0) if len(self.axes.columns) > 1 else 200
        wide = min(step - 8, 170)
        words = painter.fontMetrics().elidedText(column.title, Qt.TextElideMode.ElideRight, int(wide))
        painter.drawText(QRectF(x - wide / 2, 2, wide, 20), Qt.AlignmentFlag.AlignCenter, words)
        marks = [*(["log"] if self.axes.is_log(column) else []), "↓" if column.key in self.axes.flipped else "↑"]
        painter.setPen(look().colour("muted"))
        painter.drawText(QRectF(x - wide / 2, 20, wide, 18), Qt.AlignmentFlag.AlignCenter, " ".join(marks))

    def _paint_brush(self, painter: QPainter, column: Column, x: float) -> None:
        limits = self.selection.limits.get(column.key)
        if self._drag is not None and self._drag[0].key == column.key:
            pair = self._drag[1], self._drag[2]
        elif limits is not None:
            pair = self.axes.unit(column, limits[0]), self.axes.unit(column, limits[1])
        else:
            return
        low, high = (min(1.0, max(0.0, one)) for one in (min(pair), max(pair)))
        colour = look().colour("accent")
        painter.setPen(QPen(colour, 1.5))
        colour.setAlpha(70)
        painter.setBrush(colour)
        painter.drawRect(QRectF(x - 7, self.y_of(high), 14, max(3.0, self.y_of(low) - self.y_of(high))))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_current(self, painter: QPainter) -> None:
        assert self.study is not None
        number = self.selection.current
        row = self.study.row_of(number) if number is not None else None
        if row is None or row >= len(self.units):
            return
        points = [
            QPointF(self.x_of(at), self.y_of(float(unit))) for at, unit in enumerate(self.units[row]) if unit == unit
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look().colour("text"), 2.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # -- mouse ---------------------------------------------------------------------------------------------------

    def mouseDragEvent(self, event: Any) -> None:
        column = self.axis_at(event.buttonDownPos())
        if event.button() != Qt.MouseButton.LeftButton or column is None:
            event.ignore()
            return
        event.accept()
        begin, now = self.unit_of(event.buttonDownPos().y()), self.unit_of(event.pos().y())
        self._drag = (column, begin, now)
        if event.isFinish():
            self._drag = None
            pair = (self.axes.place(column, begin), self.axes.place(column, now))
            self.brushed.emit(column.key, (min(pair), max(pair)))
        self.update()

    def mouseClickEvent(self, event: Any) -> None:
        column = self.axis_at(event.pos())
        if event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self.looked_at.emit(self.row_at(event.pos()))
            self.menu_asked.emit(column.key if column else None, QPointF(event.screenPos()).toPoint())
        elif event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            if column is not None and event.pos().y() < TOP - 6:
                self.flip_wanted.emit(column.key)
            elif column is not None and event.double():
                self.brushed.emit(column.key, None)
            else:
                self.looked_at.emit(self.row_at(event.pos()))

    def hoverEvent(self, event: Any) -> None:
        if event.isExit() or self.study is None:
            QToolTip.hideText()
            return
        event.acceptDrags(Qt.MouseButton.LeftButton)
        row = self.row_at(event.pos())
        if row is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(QCursor.pos() + QPoint(14, 10), self.study.told(row))


class ParallelPanel(QWidget):
    """Keys: ← → choose an axis, F turns it round, L makes it logarithmic or not, Escape selects all again."""

    menu_wanted = Signal(object, object, object)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("parallelPlot")
        self.setAccessibleName(self.tr("Parallel coordinates"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.selection = selection
        self.study: Study | None = None
        self.axes_ = ParallelAxes()
        self.item = ParallelItem(self.axes_, selection)
        self.view = pg.GraphicsView(self)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.view.setCentralItem(self.item)
        self.plots = [self]
        self._asked = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._render)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.view, 1)
        rows.addWidget(
            label(
                self.tr(
                    "Drag along an axis to select; a double click frees it. Click its name, or press F, to turn it, "
                    "L for a logarithm. The best lines stand out most."
                ),
                "muted",
                wrap=True,
            )
        )
        self.item.brushed.connect(lambda key, limits: selection.brush({key: limits}))
        self.item.flip_wanted.connect(self.flip)
        self.item.looked_at.connect(self._look_at)
        self.item.menu_asked.connect(self._menu_asked)
        selection.changed.connect(self._wait)
        selection.current_changed.connect(self.item.update)
        look().changed.connect(self._wait)

    def show_study(self, study: Study) -> None:
        self.study = self.item.study = study
        self.axes_.use(study)
        self._wait()

    def flip(self, key: str) -> None:
        self.axes_.flipped ^= {key}
        self._wait()

    def turn_log(self, key: str) -> None:
        """Logarithmic or linear, where the values allow it."""
        column = next((one for one in self.axes_.columns if one.key == key), None)
        if column is not None and self.axes_.can_be_log(column):
            self.axes_.turned ^= {key}
            self._wait()

    def _look_at(self, row: int | None) -> None:
        self.selection.look_at(int(self.study.numbers[row]) if row is not None and self.study is not None else None)

    def _menu_asked(self, key: str | None, screen: QPoint) -> None:
        self.menu_wanted.emit(self.selection.current, {}, screen)

    def _wait(self) -> None:
        self.item.update()
        if self.isVisible():
            self._soon.start()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._soon.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        many = len(self.axes_.columns)
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if many and step is not None:
            self.item.marked = (self.item.marked + step) % many
            self.setAccessibleDescription(self.axes_.columns[self.item.marked].title)
            self.item.update()
        elif many and event.key() == Qt.Key.Key_F:
            self.flip(self.axes_.columns[self.item.marked].key)
        elif many and event.key() == Qt.Key.Key_L:
            self.turn_log(self.axes_.columns[self.item.marked].key)
        elif event.key() == Qt.Key.Key_Escape:
            self.selection.clear()
        elif event.key() == Qt.Key.Key_Menu:
            self.menu_wanted.emit(self.selection.current, {}, self.mapToGlobal(self.rect().center()))
        else:
            super().keyPressEvent(event)

    def _render(self) -> None:
        study = self.study
        if study is None or not study.n:
            self.item.pictures = []
            self.view.setBackground(look().tokens["plot"])
            self.item.update()
            return
        self.view.setBackground(look().tokens["plot"])
        self._asked += 1
        item, size = self.item, self.item.size()
        units = np.column_stack([self.axes_.units(column) for column in self.axes_.columns])
        item.units = units
        xs = np.array([item.x_of(at) for at in range(units.shape[1])])
        ys = TOP + (1 - units) * (size.height() - TOP - BOTTOM)
        goal = study.objectives[0]
        shades = _shades(goal.places, study.directions[0] == "maximize" if study.directions else True)
        work = partial(
            lines,
            xs, ys, self.selection.mask(study) & study.complete, shades, study.complete,
            (int(size.width()), int(size.height())), self.devicePixelRatioF(), look().tokens["muted"], look().dark,
        )  # fmt: skip
        run_task(self, work, partial(self._put, self._asked))

    def _put(self, asked: int, pictures: list[QImage]) -> None:
        if asked == self._asked:
            self.item.pictures = pictures
            self.item.update()


def _shades(places: Floats, up: bool) -> Any:
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
