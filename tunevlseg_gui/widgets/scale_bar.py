"""A value on a scale with named zones; its whisker shows how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.theme.look import look

_TRACK = 12
_MARK = 8


@dataclass(frozen=True)
class Zone:
    """From the zone before it up to `end`; `tone` is good | warning | danger. The name says what the colour says."""

    name: str
    end: float
    tone: str


class ScaleBar(QWidget):
    """Logarithmic, from `start` to the end of the last zone; what lies outside is drawn at the ends."""

    def __init__(self, title: str, name: str, start: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._start = start
        self.zones: tuple[Zone, ...] = ()
        self.value: float | None = None
        self.bounds: tuple[float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.update)

    def show_value(self, zones: Sequence[Zone], value: float, bounds: tuple[float, float] | None, words: str) -> None:
        """`words` say to a screen reader what is seen."""
        self.zones, self.value, self.bounds = tuple(zones), value, bounds
        self.setAccessibleDescription(words)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 2 * _MARK + _TRACK + self.fontMetrics().height() + 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def zone(self) -> Zone | None:
        """Where the value lies."""
        if self.value is None:
            return None
        return next((zone for zone in self.zones if self.value < zone.end), self.zones[-1] if self.zones else None)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.value is None or not self.zones:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = 2 * _MARK + 2
        before = self._start
        for zone in self.zones:
            self._paint_zone(painter, zone, before, top)
            before = zone.end
        self._paint_value(painter, top)
        painter.end()

    def _paint_zone(self, painter: QPainter, zone: Zone, before: float, top: int) -> None:
        left, right = self._place(before), self._place(zone.end)
        here = zone is self.zone()
        track = QRectF(left + 1, top, right - left - 2, _TRACK)
        painter.setPen(QPen(look().colour(zone.tone), 1))
        painter.setBrush(look().colour(f"{zone.tone}_soft"))
        painter.drawRect(track)
        font = self.font()
        font.setBold(here)
        painter.setFont(font)
        painter.setPen(look().colour("text" if here else "muted"))
        room = QRectF(left, top + _TRACK + 4, right - left, self.height() - top - _TRACK - 4)
        text = painter.fontMetrics().elidedText(zone.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _paint_value(self, painter: QPainter, top: int) -> None:
        assert self.value is not None
        colour: QColor = look().colour("text")
        middle = top + _TRACK / 2
        if self.bounds is not None:
            low, high = (self._place(end) for end in self.bounds)
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(low, middle), QPointF(high, middle))
            for end in (low, high):
                painter.drawLine(QPointF(end, middle - 4), QPointF(end, middle + 4))
        at = self._place(self.value)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(
            QPolygonF(
                [QPointF(at - _MARK, top - 2 * _MARK), QPointF(at + _MARK, top - 2 * _MARK), QPointF(at, top - 1)]
            )
        )

    def _place(self, value: float) -> float:
        """In pixels from the left."""
        low, high = math.log(self._start), math.log(self.zones[-1].end)
        share = (math.log(max(value, 1e-9)) - low) / (high - low)
        return _MARK + min(1.0, max(0.0, share)) * (self.width() - 2 * _MARK)
