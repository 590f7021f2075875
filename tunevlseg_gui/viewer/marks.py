"""What is written over a slice: letters of the patient's sides, slice and window, legend, crosshair."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.heat import heat_colours
from tunevlseg_gui.viewer.mask_overlay import Colour
from tunevlseg_gui.viewer.planes import plane_title
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.slice_words import height_in_words

INK = QColor(240, 243, 247)
HALO = QColor(0, 0, 0, 190)
EDGE = 5
NARROW = 420
OBLIQUE_FROM = 1.0
"""Degrees from which on a slice is called oblique."""


def draw_edge_letters(painter: QPainter, area: QRect, letters: tuple[str, str, str, str]) -> None:
    """Letters at the top, bottom, left and right edge, in this order; empty ones are left out."""
    font = _font(painter, 12)
    flags = Qt.AlignmentFlag
    places = (
        flags.AlignTop | flags.AlignHCenter,
        flags.AlignBottom | flags.AlignHCenter,
        flags.AlignLeft | flags.AlignVCenter,
        flags.AlignRight | flags.AlignVCenter,
    )
    for letter, where in zip(letters, places, strict=True):
        if letter:
            _write(painter, area.adjusted(EDGE, 1, -EDGE, -1), where, letter, font)


def draw_corner_texts(painter: QPainter, area: QRect, state: SliceState) -> int:
    """Plane and slice at the top left, window and level at the bottom left.

    Returns how far down the right half of the view is taken: in a narrow one the texts reach into it.
    """
    if state.scan is None:
        return 0
    font = _font(painter, 9)
    # The letter in the middle of the top edge needs the room of its line in a narrow view.
    narrow = area.width() < NARROW
    inside = area.adjusted(8, 20 if narrow else 6, -8, -6)
    flags = Qt.AlignmentFlag
    if not state.scan.is_picture:
        text = f"{plane_title(state.stack.display_plane).lower()}  {state.index + 1} / {state.slices}"
        # The place in the body is left out where there is no room for it: a half of it would be another number.
        placed = f"{text}  {height_in_words(state)}"
        painter.setFont(font)
        text = placed if painter.fontMetrics().horizontalAdvance(placed) <= inside.width() else text
        if state.stack.tilt_degrees >= OBLIQUE_FROM:
            words = translate("Marks", "oblique {degrees}°").format(degrees=f"{state.stack.tilt_degrees:.0f}")
            text += f"\n{words}"
        _write(painter, inside, flags.AlignTop | flags.AlignLeft, text, font)
    elif state.slices > 1:
        _write(painter, inside, flags.AlignTop | flags.AlignLeft, f"{state.index + 1} / {state.slices}", font)
    if state.has_window and not narrow:
        text = f"W {state.window.width:.4g}  L {state.window.center:.4g} {state.scan.unit}".rstrip()
        _write(painter, inside, flags.AlignBottom | flags.AlignLeft, text, font)
    return inside.top() - area.top() + painter.fontMetrics().height() if narrow and not state.scan.is_picture else 0


def draw_legend(painter: QPainter, area: QRect, entries: list[tuple[Colour, str, bool]], below: int = 0) -> None:
    """Colour and name of each shown layer, at the top right; a mark before the one under the mouse.

    It begins `below` pixels under the upper edge.
    """
    font = _font(painter, 9)
    painter.setFont(font)
    height = painter.fontMetrics().height() + 4
    for number, (colour, name, highlighted) in enumerate(entries):
        text = painter.fontMetrics().elidedText(
            f"▸ {name}" if highlighted else name, Qt.TextElideMode.ElideRight, max(area.width() // 3, 60)
        )
        line = QRect(area.left(), area.top() + below + 6 + number * height, area.width() - 10, height)
        _write(painter, line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text, font)
        left = line.right() - painter.fontMetrics().horizontalAdvance(text) - 18
        square = QRectF(left, line.center().y() - 4, 10, 10)
        painter.setPen(QPen(HALO, 1))
        painter.setBrush(QColor(*colour))
        painter.drawRect(square)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_crosshair(painter: QPainter, area: QRect, point: tuple[float, float]) -> None:
    """Thin lines through a point, with a gap so that what is pointed at can be seen."""
    x, y = round(point[0]), round(point[1])
    gap, colour = 8, QColor(90, 200, 250, 170)
    # Rectangles: a line that is not opaque takes Qt's rasteriser most of a millisecond.
    for left, top, right, bottom in (
        (area.left(), y, x - gap, y + 1),
        (x + gap, y, area.right() + 1, y + 1),
        (x, area.top(), x + 1, y - gap),
        (x, y + gap, x + 1, area.bottom() + 1),
    ):
        if right > left and bottom > top:
            painter.fillRect(QRect(left, top, right - left, bottom - top), colour)


def draw_colour_bar(painter: QPainter, area: QRect, threshold: float) -> None:
    """Which colour is which probability, at the right edge, with a line where the threshold is."""
    height = min(area.height() // 3, 160)
    bar = QRect(area.right() - 62, area.center().y() + 24, 12, height)
    if bar.bottom() > area.bottom() - 8:
        return
    image = QImage(np.ascontiguousarray(heat_colours()[::-1]).tobytes(), 1, 256, 3, QImage.Format.Format_RGB888)
    painter.drawImage(bar, image)
    painter.setPen(QPen(HALO, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    font = _font(painter, 8)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    for value in (0.0, 0.5, 1.0):
        y = round(bar.bottom() - value * bar.height())
        _write(painter, QRect(bar.right() + 6, y - 8, 40, 16), flags, f"{value:g}", font)
    at = bar.bottom() - threshold * bar.height()
    painter.setPen(QPen(INK, 2))
    painter.drawLine(QPointF(bar.left() - 3, at), QPointF(bar.right() + 4, at))


def draw_note(painter: QPainter, area: QRect, text: str) -> None:
    """At the bottom left, above window and level."""
    flags = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
    _write(painter, area.adjusted(8, 0, -8, -24), flags, text, _font(painter, 9))


def draw_box(painter: QPainter, box: QRectF) -> None:
    """A dashed box, drawn by the mouse."""
    painter.setPen(QPen(HALO, 1))
    painter.drawRect(box)
    painter.setPen(QPen(INK, 1, Qt.PenStyle.DashLine))
    painter.drawRect(box)


def write_at(painter: QPainter, at: QPointF, text: str) -> None:
    """Lines that begin at a point, half above and half below it."""
    if text:
        where = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        _write(painter, QRect(round(at.x()), round(at.y()) - 40, 400, 80), where, text, _font(painter, 9))


def _font(painter: QPainter, points: float) -> QFont:
    font = QFont(painter.font())
    font.setPointSizeF(points)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _write(painter: QPainter, area: QRect, where: Qt.AlignmentFlag, text: str, font: QFont) -> None:
    """Light letters with a dark rim: readable on any tissue."""
    painter.setFont(font)
    flags = int(where)
    # Drawn five times over: glyphs are cached, an outlined path is not and costs milliseconds a slice.
    painter.setPen(HALO)
    for right, down in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(area.translated(right, down), flags, text)
    painter.setPen(INK)
    painter.drawText(area, flags, text)
