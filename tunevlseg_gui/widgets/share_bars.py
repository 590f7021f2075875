"""Bars of shares with a name and a number each, some of them below 0; painted, and told to screen readers as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.theme.look import look


@dataclass(frozen=True)
class ShareBar:
    """`value` from -1 to 1, None: not known; `number` is written behind it; `tone` a colour of the theme."""

    name: str
    value: float | None
    number: str
    tone: str = "accent"


class ShareBars(QWidget):
    """One bar a row from a common zero line; names to the left, numbers to the right."""

    def __init__(self, name: str, title: str, *, least: float = 0.25, parent: QWidget | None = None) -> None:
        """`least`: how much the whole width stands for at least; a bar of a hundredth should not fill its row."""
        super().__init__(parent)
        self._least = least
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._bars: list[ShareBar] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look().changed.connect(self.update)

    @property
    def bars(self) -> list[ShareBar]:
        """What is drawn."""
        return self._bars

    def show_bars(self, bars: Sequence[ShareBar]) -> None:
        self._bars = list(bars)
        self.setAccessibleDescription("; ".join(f"{bar.name}: {bar.number}" for bar in self._bars))
        self.setToolTip("\n".join(f"{bar.name}: {bar.number}" for bar in self._bars))
        self.updateGeometry()
        self.update()

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + 8

    def sizeHint(self) -> QSize:
        return QSize(360, self._row * max(1, len(self._bars)))

    def minimumSizeHint(self) -> QSize:
        return QSize(220, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours, metrics = look(), self.fontMetrics()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = min(max((metrics.horizontalAdvance(bar.name) for bar in self._bars), default=0) + 2, self.width() // 3)
        numbers = max((metrics.horizontalAdvance(bar.number) for bar in self._bars), default=0)
        left, room = names + 12, self.width() - names - numbers - 24
        known = [bar.value for bar in self._bars if bar.value is not None]
        low, high = min([0.0, *known]), max([0.0, *known])
        span = max(high - low, self._least)
        zero = left + room * (-low / span)
        for at, bar in enumerate(self._bars):
            top = at * self._row
            middle = QRectF(0, top, names, self._row)
            painter.setPen(colours.colour("text"))
            shown = metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, names)
            painter.drawText(middle, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), shown)
            if bar.value is not None:
                width = room * bar.value / span
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.colour(bar.tone))
                painter.drawRoundedRect(QRectF(min(zero, zero + width), top + 5, abs(width), self._row - 10), 2, 2)
            painter.setPen(colours.colour("muted"))
            place = QRectF(self.width() - numbers - 6, top, numbers + 6, self._row)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), bar.number)
        painter.setPen(colours.colour("grid"))
        painter.drawLine(int(zero), 2, int(zero), self._row * len(self._bars) - 2)
        painter.end()
