"""Measurements over a slice, with what they measured beside them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from tunevlseg_gui.viewer.marks import HALO, INK, write_at
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.viewport import Placement

LINE = QColor(255, 225, 90)


def draw_measurements(painter: QPainter, state: SliceState, placed: Placement) -> None:
    """Those of the slice that is shown."""
    for measured in state.shared.measurements:
        pixels = measured.on_slice(state.stack, state.index)
        if pixels is None:
            continue
        corners = QPolygonF([QPointF(*placed.point_of(row, column)) for row, column in pixels.tolist()])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(HALO, 3), QPen(LINE, 1.5)):
            painter.setPen(pen)
            painter.drawPolyline(corners) if measured.kind == "ruler" else painter.drawPolygon(corners)
        painter.setPen(QPen(INK, 1))
        painter.setBrush(LINE)
        if measured.kind == "ruler":
            for number in range(corners.size()):
                painter.drawEllipse(corners.at(number), 2.5, 2.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        box: QRectF = corners.boundingRect()
        write_at(painter, QPointF(box.right() + 8, box.center().y()), measured.words)
