"""A row of colours that colour-blind people tell apart, and one for any other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QColorDialog, QToolButton, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.flow_layout import FlowLayout

_SIDE = 20


class ColourChoice(QWidget):
    """`palette`: (colour, name) each. Emits `chosen` with #RRGGBB."""

    chosen = Signal(str)

    def __init__(self, palette: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("colourChoice")
        self._palette = tuple(palette)
        self._colour = self._palette[0][0]
        row = FlowLayout(self, spacing=2)
        self._swatches: dict[str, QToolButton] = {}
        for number, (colour, name) in enumerate(self._palette):
            made = self._button(f"colour_{number}", name)
            made.clicked.connect(lambda _checked=False, colour=colour: self._choose(colour))
            self._swatches[colour.upper()] = made
            row.addWidget(made)
        self._other = self._button("colourOther", self.tr("another colour…"))
        self._other.clicked.connect(self._ask)
        row.addWidget(self._other)
        look().changed.connect(self._draw)
        self._draw()

    def show_colour(self, colour: str) -> None:
        if colour != self._colour:
            self._colour = colour
            self._draw()

    def _button(self, name: str, tip: str) -> QToolButton:
        made = QToolButton(self)
        made.setObjectName(name)
        made.setProperty("role", "flat")
        made.setCheckable(True)
        made.setToolTip(tip[:1].upper() + tip[1:])
        made.setAccessibleName(tip[:1].upper() + tip[1:])
        made.setIconSize(QSize(_SIDE, _SIDE))
        return made

    def _draw(self) -> None:
        known = self._colour.upper()
        for colour, made in self._swatches.items():
            made.setIcon(_swatch(colour, chosen=colour == known, ratio=self.devicePixelRatioF()))
            made.setChecked(colour == known)
        own = known not in self._swatches
        self._other.setChecked(own)
        self._other.setIcon(_swatch(self._colour if own else "", chosen=own, ratio=self.devicePixelRatioF()))

    def _choose(self, colour: str) -> None:
        self._colour = colour
        self._draw()
        self.chosen.emit(colour)

    def _ask(self) -> None:
        found = QColorDialog.getColor(QColor(self._colour), self, self.tr("Colour of the label"))
        if found.isValid():
            self._choose(found.name().upper())
        else:
            self._draw()


def _swatch(colour: str, *, chosen: bool, ratio: float) -> QIcon:
    """A disc; an empty one with a plus for a colour that is still to be chosen."""
    drawn = QPixmap(round(_SIDE * ratio), round(_SIDE * ratio))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look().colour("text" if chosen else "strong_border"), 2.5 if chosen else 1))
    if colour:
        painter.setBrush(QColor(colour))
    painter.drawEllipse(3, 3, _SIDE - 6, _SIDE - 6)
    if not colour:
        middle = _SIDE // 2
        painter.drawLine(middle, middle - 3, middle, middle + 3)
        painter.drawLine(middle - 3, middle, middle + 3, middle)
    painter.end()
    return QIcon(drawn)
