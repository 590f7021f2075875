"""The epochs of a run as small pictures in a row, scrubbed by mouse and keys."""

from __future__ import annotations

from bisect import bisect_left

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from tunevlseg_gui.theme.look import look

THUMBNAIL = 48
"""Pixels of a picture's side."""


class TimeStrip(QWidget):
    """A small picture of each epoch beside each other; a drag or the arrow keys scrub through them."""

    scrubbed = Signal(int)  # epoch

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("previewStrip")
        self.setAccessibleName(self.tr("Strip through the epochs"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(THUMBNAIL + 12)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.epochs: list[int] = []
        self.current = 0
        self.pictures: dict[int, QImage] = {}

    def show_epochs(self, epochs: list[int], current: int) -> None:
        self.epochs, self.current = epochs, current
        self.setAccessibleDescription(self.tr("Epoch {epoch}").format(epoch=current) if epochs else "")
        self.update()

    def put(self, epoch: int, picture: QImage) -> None:
        self.pictures[epoch] = picture
        self.update()

    def clear_pictures(self) -> None:
        self.pictures.clear()
        self.update()

    def wanted(self) -> list[int]:
        """Epochs in sight whose picture is missing."""
        return [epoch for epoch in self._in_sight() if epoch not in self.pictures]

    def _in_sight(self) -> list[int]:
        """All epochs, or where room is short each second, fourth, … and the last: as a run grows, pictures stay."""
        room = max(2, self.width() // (THUMBNAIL + 2))
        last = len(self.epochs) - 1
        step = 1
        while last // step + 1 + bool(last % step) > room:
            step *= 2
        return [*self.epochs[:-1:step], *self.epochs[-1:]]

    def _step(self) -> float:
        shown = len(self._in_sight())
        return min(float(THUMBNAIL + 2), self.width() / shown) if shown else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        step, shown = self._step(), self._in_sight()
        chosen = self._nearest(self.current)
        for place, epoch in enumerate(shown):
            rect = QRect(round(place * step), 3, max(1, round(step) - 2), THUMBNAIL)
            picture = self.pictures.get(epoch)
            if picture is None:
                painter.fillRect(rect, look().colour("raised"))
            else:
                part = QSize(min(picture.width(), rect.width()), THUMBNAIL)
                painter.drawImage(rect, picture, QRect(QPoint(0, 0), part))
            if epoch == chosen:
                painter.setPen(QPen(look().colour("accent"), 2))
                painter.setBrush(QColor(0, 0, 0, 0))
                painter.drawRect(rect.adjusted(0, 0, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(look().colour("accent"), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _nearest(self, epoch: int) -> int | None:
        shown = self._in_sight()
        return min(shown, key=lambda known: abs(known - epoch)) if shown else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The epoch whose picture is clicked."""
        shown = self._in_sight()
        if shown:
            self._go(shown[round(self._place(event.position().x()))])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Between the middles of two pictures lie the epochs between them."""
        shown = self._in_sight()
        if shown and event.buttons() & Qt.MouseButton.LeftButton:
            place = self._place(event.position().x())
            before = int(place)
            first, last = (bisect_left(self.epochs, shown[at]) for at in (before, min(before + 1, len(shown) - 1)))
            self._go(self.epochs[round(first + (place - before) * (last - first))])

    def _place(self, x: float) -> float:
        """Which picture lies at `x`, whole numbers being their middles."""
        return max(0.0, min(len(self._in_sight()) - 1.0, x / self._step() - 0.5))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.epochs:
            return
        here, last = bisect_left(self.epochs, self.current), len(self.epochs) - 1
        moves = {
            Qt.Key.Key_Left: here - 1,
            Qt.Key.Key_Right: here + 1,
            Qt.Key.Key_PageUp: here - 10,
            Qt.Key.Key_PageDown: here + 10,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in moves:
            self._go(self.epochs[max(0, min(last, moves[Qt.Key(event.key())]))])
        else:
            super().keyPressEvent(event)

    def _go(self, epoch: int) -> None:
        if epoch != self.current:
            self.scrubbed.emit(epoch)
