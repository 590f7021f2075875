"""The inside of a plot: a drag selects, Shift or the middle button moves, the wheel zooms, a double click shows all."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal

LEAST_DRAG = 4
"""Pixels below which a drag was a click with an unsteady hand."""


class BrushBox(pg.ViewBox):  # type: ignore[misc]
    brushed = Signal(float, float, float, float)  # left, right, bottom, top, in places of the axes
    cleared = Signal()
    clicked = Signal(QPointF, bool)  # place in the axes; with Ctrl
    menu_asked = Signal(QPointF, QPointF)  # place in the axes, place on the screen

    def __init__(self) -> None:
        super().__init__(enableMenu=False)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        selects = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        if axis is not None or not selects:
            if event.button() != Qt.MouseButton.RightButton:
                moving = _AsLeft(event)
                super().mouseDragEvent(moving, axis)
            return
        event.accept()
        start, end = event.buttonDownPos(), event.pos()
        if not event.isFinish():
            self.updateScaleBox(start, end)
            return
        self.rbScaleBox.hide()
        if abs(start.x() - end.x()) < LEAST_DRAG and abs(start.y() - end.y()) < LEAST_DRAG:
            return
        one, other = self.mapToView(start), self.mapToView(end)
        self.brushed.emit(
            min(one.x(), other.x()), max(one.x(), other.x()), min(one.y(), other.y()), max(one.y(), other.y())
        )

    def mouseClickEvent(self, event: Any) -> None:
        place = self.mapToView(event.pos())
        if event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self.menu_asked.emit(place, QPointF(event.screenPos()))
        elif event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            if event.double():
                self.cleared.emit()
                self.autoRange(padding=0.04)
            else:
                self.clicked.emit(place, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))


class _AsLeft:
    """A drag that moves the view, whichever button it came with."""

    def __init__(self, event: Any) -> None:
        self._event = event

    def button(self) -> Qt.MouseButton:
        return Qt.MouseButton.LeftButton

    def __getattr__(self, name: str) -> Any:
        return getattr(self._event, name)
