"""The axes of parallel coordinates over the pictures of their lines: painting, the mouse on an axis and on a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QFont, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip

from tunevlseg_gui.pages.experiments.plots.parallel_axes import ParallelAxes
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Column, Floats, Study
from tunevlseg_gui.theme.look import look

TOP, BOTTOM, SIDE = 46.0, 18.0, 70.0
NEAR = 22.0


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
