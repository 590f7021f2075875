"""The legend of curves, above them so that it covers none; with the values of the epoch that is pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.theme.look import look

SWATCH = 20
GAP = 6
BETWEEN = 16
MOST_LINES = 3
MARGIN = 8


@dataclass(frozen=True)
class Entry:
    """`colour` None: words alone, such as the epoch that is pointed at. `filled`: a band's."""

    title: str
    value: str = ""
    colour: QColor | None = None
    dashed: bool = False
    filled: bool = False

    @property
    def words(self) -> str:
        return f"{self.title} {self.value}" if self.value else self.title


class CurveLegend(QWidget):
    """Entries in reading order, on as many lines as they need with values, three at most; the tooltip has them all.

    Its height follows the curves, not the mouse. What has no room on them is left out.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names: list[Entry] = []
        self.values: list[Entry] = []
        self._sample: list[Entry] = []
        self._most = MOST_LINES
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._fit()

    def show_names(self, names: Sequence[Entry], sample: Sequence[Entry] = ()) -> None:
        """`sample`: entries as long as those with values will be."""
        self.names, self._sample = list(names), list(sample)
        self._fit()
        self.update()

    def take_at_most(self, lines: int) -> None:
        """Fewer lines where the plot below needs the room."""
        if lines != self._most:
            self._most = lines
            self._fit()

    def show_values(self, values: Sequence[Entry]) -> None:
        """In place of the names; none: the names again."""
        self.values = list(values)
        self.setAccessibleDescription(self.text())
        self.setToolTip("\n".join(entry.words for entry in values or self.names))
        self.update()

    def text(self) -> str:
        """What is told of the epoch that is pointed at; empty where none is."""
        return "  ·  ".join(entry.words for entry in self.values)

    def sizeHint(self) -> QSize:
        return QSize(200, self._line * self._lines)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.draw(painter, QRectF(self.rect()), self.values or self.names)
        painter.end()

    def draw(self, painter: QPainter, room: QRectF, entries: Sequence[Entry]) -> None:
        """Draws entries from the upper left of `room`; those that do not fit become an ellipsis."""
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, (entry, place) in enumerate(zip(entries, self._places(entries, room), strict=False)):
            if place is None:
                painter.setPen(look().colour("muted"))
                painter.drawText(self._end(entries[:at], room), "…")
                return
            self._draw_entry(painter, entry, place)

    def _draw_entry(self, painter: QPainter, entry: Entry, place: QRectF) -> None:
        if entry.colour is not None:
            middle = place.center().y()
            if entry.filled:
                painter.fillRect(QRectF(place.left(), middle - 5, SWATCH, 10), entry.colour)
            else:
                style = Qt.PenStyle.DashLine if entry.dashed else Qt.PenStyle.SolidLine
                painter.setPen(QPen(entry.colour, 2, style, Qt.PenCapStyle.FlatCap))
                painter.drawLine(QPointF(place.left(), middle), QPointF(place.left() + SWATCH, middle))
            place = place.adjusted(SWATCH + GAP, 0, 0, 0)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(look().colour("muted"))
        painter.drawText(place, flags, f"{entry.title} ")
        if entry.value:
            painter.setPen(look().colour("text"))
            painter.drawText(place.adjusted(self._advance(f"{entry.title} "), 0, 0, 0), flags, entry.value)

    # -- places --------------------------------------------------------------------------------------------------

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + 4

    def _advance(self, words: str) -> float:
        return float(self.fontMetrics().horizontalAdvance(words))

    def _width(self, entry: Entry) -> float:
        return self._advance(entry.words) + 2 + (0 if entry.colour is None else SWATCH + GAP)

    def _places(self, entries: Sequence[Entry], room: QRectF) -> list[QRectF | None]:
        """Where each entry lies; None for the first one without a place, and no further ones."""
        found: list[QRectF | None] = []
        x, line = 0.0, 0
        for at, entry in enumerate(entries):
            width = self._width(entry)
            last_line = (line + 1) * self._line >= room.height() - 1
            spare = 0 if not last_line or at == len(entries) - 1 else BETWEEN + self._advance("…")
            if x and x + width + spare > room.width():
                if last_line:
                    return [*found, None]
                x, line = 0.0, line + 1
            found.append(QRectF(room.left() + x, room.top() + line * self._line, width, self._line))
            x += width + BETWEEN
        return found

    def _end(self, placed: Sequence[Entry], room: QRectF) -> QRectF:
        last = self._places(placed, room)[-1] if placed else None
        if last is None:
            return room
        return QRectF(last.right() + BETWEEN, last.top(), BETWEEN * 2, last.height())

    def height_for(self, width: float, entries: Sequence[Entry]) -> float:
        """What the entries need, in pixels; at most MOST_LINES lines."""
        return float(self._lines_for(width, entries) * self._line)

    def _lines_for(self, width: float, entries: Sequence[Entry]) -> int:
        x, lines = 0.0, 1
        for entry in entries:
            if x and x + self._width(entry) > width:
                x, lines = 0.0, lines + 1
            x += self._width(entry) + BETWEEN
        return min(lines, self._most)

    def _fit(self) -> None:
        self._lines = self._lines_for(self.width(), self._sample or self.names)
        if self.height() != self._line * self._lines:
            self.setFixedHeight(self._line * self._lines)
