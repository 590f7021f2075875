"""An image fitted into its frame."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QSizePolicy


class Picture(QFrame):
    """Empty until `show_image`; the ground is dark in every theme."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "stage")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(120)
        self.pixmap = QPixmap()

    def show_image(self, image: QImage) -> None:
        self.pixmap = QPixmap.fromImage(image)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.pixmap.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = QRectF(self.rect()).adjusted(6, 6, -6, -6)
        scale = min(room.width() / self.pixmap.width(), room.height() / self.pixmap.height())
        shown = QRectF(0, 0, self.pixmap.width() * scale, self.pixmap.height() * scale)
        shown.moveCenter(room.center())
        painter.drawPixmap(shown, self.pixmap, QRectF(self.pixmap.rect()))
        painter.end()
