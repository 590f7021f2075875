"""The picture of the surfaces, and the mouse and keys that turn it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.viewer.marks import draw_legend
from tunevlseg_gui.viewer.mask_overlay import Colour
from tunevlseg_gui.viewer.surface.camera import Camera
from tunevlseg_gui.viewer.surface.process import DrawingProcess

TRIAD = 30
"""Pixels from the middle of the letters to each of them."""
KEY_STEP = 15.0
WHEEL = 1.15
SAMPLES = 4
COARSE = 0.5
"""Pixels drawn for each of the screen's, along an edge, where drawing is slow."""
REST_MS = 150
VIEW_KEYS = {
    Qt.Key.Key_A: "front",
    Qt.Key.Key_P: "back",
    Qt.Key.Key_L: "left",
    Qt.Key.Key_R: "right",
    Qt.Key.Key_S: "top",
    Qt.Key.Key_I: "bottom",
}


class SurfaceView(QWidget):
    """Asks the drawing process for a picture whenever camera, size or theme are others; paints the last one."""

    def __init__(self, drawing: DrawingProcess, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("surfaceView")
        self.setAccessibleName(self.tr("Masks in 3-D"))
        self.setToolTip(
            self.tr(
                "Drag to turn, Shift + drag or middle button to move, wheel to zoom. Keys: arrows turn, + and − zoom, "
                "A P L R S I look from that side of the patient, Home shows all"
            )
        )
        self.setMinimumSize(150, 130)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.camera = Camera()
        self.message = ""
        self._drawing = drawing
        self._image: QImage | None = None
        self._legend: list[tuple[Colour, str, bool]] = []
        self._box: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._last = QPointF()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.redraw)
        drawing.drawn.connect(self._drawn)
        drawing.ready.connect(lambda _name: self.redraw())
        look().changed.connect(self.redraw)

    def sizeHint(self) -> QSize:
        return QSize(320, 260)

    @property
    def has_picture(self) -> bool:
        return self._image is not None

    def show_box(self, low: NDArray[np.float64], high: NDArray[np.float64], legend: list[tuple[Colour, str]]) -> None:
        """Surfaces that lie in this box [3] in the world are drawn from now on; the camera stays if it shows them."""
        first = self._box is None
        self._box = (low, high)
        self._legend = [(colour, name, False) for colour, name in legend]
        if first:
            self.camera.frame(low, high)
        else:
            centre, zoom, shift = self.camera.centre, self.camera.zoom, self.camera.shift
            radius = self.camera.radius
            self.camera.frame(low, high)
            # As many millimetres a pixel as before, round the same point: a mask that is edited does not jump.
            self.camera.zoom = zoom * radius / self.camera.radius
            moved = self.camera.turn @ (self.camera.centre - centre)
            self.camera.shift = (shift[0] + float(moved[0]), shift[1] + float(moved[1]))
        self.redraw()

    def clear(self) -> None:
        self._box, self._image, self._legend = None, None, []
        self.update()

    def show_message(self, text: str) -> None:
        """In place of the picture; empty: the picture again."""
        self.message = text
        self.setAccessibleDescription(text)
        self.update()

    def redraw(self) -> None:
        """As fine as it can be."""
        self._draw(fine=True)

    def _turned(self) -> None:
        """While a hand is at it a slow machine draws coarsely, and finely once it rests."""
        fine = not self._drawing.is_slow
        self._draw(fine=fine)
        if not fine:
            self._rest.start()

    def _draw(self, *, fine: bool) -> None:
        ratio = self.devicePixelRatioF() if fine else COARSE
        width, height = round(self.width() * ratio), round(self.height() * ratio)
        if self._box is not None and self.isVisible() and width > 0 and height > 0:
            stage = look().colour("stage")
            wish: dict[str, Any] = {
                "matrix": self.camera.matrix(width, height).ravel().tolist(),
                "turn": self.camera.turn.ravel().tolist(),
                "width": width,
                "height": height,
                "background": [stage.red(), stage.green(), stage.blue()],
                "samples": SAMPLES if fine else 0,
            }
            self._drawing.draw(wish)
        self.update()

    def _drawn(self, image: QImage) -> None:
        if self._box is not None:
            self._image = image
            self.update()

    # events

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as slices: the patient is not mirrored
        painter.fillRect(self.rect(), look().colour("stage"))
        if self.message:
            painter.setPen(QColor(230, 234, 240))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), flags, self.message)
        elif self._image is not None:
            # One of another size, or a coarse one, is stretched until the next comes.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.rect(), self._image)
            draw_legend(painter, self.rect(), self._legend)
            self._draw_letters(painter)
        if self.hasFocus():
            painter.setPen(QPen(look().colour("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw_letters(self, painter: QPainter) -> None:
        """Where the patient's sides are now: those that point towards the viewer are brighter."""
        middle = QPointF(TRIAD + 18, self.height() - TRIAD - 18)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        for letter, right, up, towards in self.camera.letters():
            ink = QColor(240, 243, 247, round(120 + 135 * (towards + 1) / 2))
            end = middle + QPointF(right * TRIAD, -up * TRIAD)
            painter.setPen(QPen(QColor(240, 243, 247, 70), 1))
            painter.drawLine(middle, end)
            around = QRect(round(end.x()) - 8, round(end.y()) - 8, 16, 16)
            painter.setPen(QColor(0, 0, 0, 190))
            painter.drawText(around.translated(1, 1), Qt.AlignmentFlag.AlignCenter, letter)
            painter.setPen(ink)
            painter.drawText(around, Qt.AlignmentFlag.AlignCenter, letter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.redraw()

    def showEvent(self, event: object) -> None:
        self.redraw()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        moved, self._last = event.position() - self._last, event.position()
        left = bool(event.buttons() & Qt.MouseButton.LeftButton)
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.buttons() & Qt.MouseButton.MiddleButton or (left and shifted):
            self.camera.pan(moved.x(), moved.y(), self.height())
        elif event.buttons() & Qt.MouseButton.RightButton:
            self.camera.scale(WHEEL ** (-moved.y() / 20))
        elif left:
            self.camera.rotate(moved.x(), moved.y())
        else:
            return
        self._turned()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.camera.scale(WHEEL ** (event.angleDelta().y() / 120))
        self._turned()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {
            Qt.Key.Key_Left: (-KEY_STEP, 0.0),
            Qt.Key.Key_Right: (KEY_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, -KEY_STEP),
            Qt.Key.Key_Down: (0.0, KEY_STEP),
        }
        key = Qt.Key(event.key())
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
        elif key in turns:
            self.camera.rotate(*turns[key])
        elif key in VIEW_KEYS:
            self.camera.look_from(VIEW_KEYS[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.camera.scale(WHEEL)
        elif key == Qt.Key.Key_Minus:
            self.camera.scale(1 / WHEEL)
        elif key == Qt.Key.Key_Home and self._box is not None:
            self.camera.frame(*self._box)
        else:
            super().keyPressEvent(event)
            return
        self._turned()
