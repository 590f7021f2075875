"""A drawing of where what is learned enters the model: two towers of layers, the decoder, and the mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.catalogue import Strategy
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.theme.look import look

WIDTH, HEIGHT = 236, 112
_TOWER = QRectF(62, 0, 96, 20)  # x and size of both towers
_TEXT_Y, _IMAGE_Y = 24.0, 72.0
_DECODER = QRectF(168, 28, 26, 60)
_MASK = QRectF(206, 46, 24, 24)


@dataclass(frozen=True)
class Entry:
    """What is drawn. `image_layers` 0: a convolutional image tower, which takes no tokens. Depths count layers."""

    learns_at: tuple[str, ...] = ()
    text_layers: int = 12
    image_layers: int = 12
    text_depth: int = 0
    image_depth: int = 0


def entry_of(wizard: Wizard, known: Strategy) -> Entry:
    """A strategy as it is set, for the weights that are chosen."""
    values, sites = wizard.strategy_values(known), wizard.weights.sites
    text, image = int(sites.get("text_layers", 12)), int(sites.get("image_layers", 12))
    depth = _whole(values.get("prompt_depth"), 1)
    at = list(known.learns_at)
    if values.get("upsampler") not in (None, "none") and "upsampler" not in at:
        at.append("upsampler")
    if values.get("train_last_layer") is True and "last_layer" not in at:
        at.append("last_layer")
    return Entry(tuple(at), text, image, min(depth, text), min(_whole(values.get("image_depth"), depth), image))


def _whole(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


class StrategyDrawing(QWidget):
    """What learns is in the accent colour, what stays as it is in grey."""

    def __init__(self, entry: Entry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.in_words())
        self.setToolTip(self.in_words())
        look().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def in_words(self) -> str:
        """The same for who does not see it."""
        entry, said = self.entry, []
        if "text" in entry.learns_at:
            said.append(
                self.tr("Learned words enter {depth} of {layers} text layers.").format(
                    depth=entry.text_depth, layers=entry.text_layers
                )
            )
        if "image" in entry.learns_at:
            said.append(
                self.tr("Learned tokens enter {depth} of {layers} image layers.").format(
                    depth=entry.image_depth, layers=entry.image_layers
                )
            )
        also = {
            "text_to_image": self.tr("The image tokens are made from the words."),
            "image_to_text": self.tr("Each image shifts the words."),
            "shared": self.tr("Both sides come from one set."),
            "encoders": self.tr("Both encoders learn."),
            "decoder": self.tr("The decoder learns."),
            "last_layer": self.tr("The last layer learns."),
            "upsampler": self.tr("A new upsampler learns."),
        }
        said += [words for name, words in also.items() if name in entry.learns_at]
        return " ".join(said) or self.tr("Nothing learns.")

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        entry = self.entry
        self._arrows(painter)
        self._tower(painter, _TEXT_Y, entry.text_layers)
        self._tower(painter, _IMAGE_Y, entry.image_layers)
        self._given(painter)
        for side, y, layers, depth in (
            ("text", _TEXT_Y, entry.text_layers, entry.text_depth),
            ("image", _IMAGE_Y, entry.image_layers, entry.image_depth),
        ):
            if side in entry.learns_at:
                self._tokens(painter, y, layers, depth, above=side == "text")
        self._between(painter)
        self._decoder(painter)
        painter.end()

    # -- parts ---------------------------------------------------------------------------------------------------

    def _block(self, painter: QPainter, place: QRectF, *, learns: bool) -> None:
        colours = look()
        painter.setPen(QPen(colours.colour("accent" if learns else "strong_border"), 1))
        painter.setBrush(colours.colour("accent_soft" if learns else "raised"))
        painter.drawRoundedRect(place, 2.5, 2.5)

    def _tower(self, painter: QPainter, y: float, layers: int) -> None:
        learns = "encoders" in self.entry.learns_at
        if not layers:  # a pyramid of convolutions
            for number, height in enumerate((20, 16, 12, 8)):
                place = QRectF(_TOWER.x() + number * 24, y + (20 - height) / 2, 21, height)
                self._block(painter, place, learns=learns)
            return
        for number in range(layers):
            self._block(painter, self._layer(y, number, layers), learns=learns)

    def _layer(self, y: float, number: int, layers: int) -> QRectF:
        step = _TOWER.width() / layers
        return QRectF(_TOWER.x() + number * step, y, max(2.0, step - 2), _TOWER.height())

    def _given(self, painter: QPainter) -> None:
        """What the model is given: words of the phrase, patches of the image."""
        colours = look()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("muted"))
        for number, width in enumerate((18, 10, 14)):
            painter.drawRoundedRect(QRectF(8 + (0, 21, 34)[number], _TEXT_Y + 7, width - 2, 6), 3, 3)
        for row in range(3):
            for column in range(3):
                shade = QColor(colours.colour("muted"))
                shade.setAlpha(90 + 50 * ((row + column) % 3))
                painter.setBrush(shade)
                painter.drawRect(QRectF(20 + column * 8, _IMAGE_Y - 1 + row * 8, 7, 7))

    def _tokens(self, painter: QPainter, y: float, layers: int, depth: int, *, above: bool) -> None:
        """A learned token at each layer that is given some; a line shows which layer it enters."""
        accent = look().colour("accent")
        dot_y = y - 12 if above else y + 32
        for number in range(min(depth, layers)):
            layer = self._layer(y, number, layers)
            x = layer.center().x()
            painter.setPen(QPen(accent, 1))
            painter.drawLine(QPointF(x, dot_y), QPointF(x, layer.top() if above else layer.bottom()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(accent)
            radius = min(3.4, _TOWER.width() / layers / 2.4)
            painter.drawEllipse(QPointF(x, dot_y), radius, radius)

    def _arrows(self, painter: QPainter) -> None:
        """Where information flows: given → towers → decoder → mask."""
        grey = look().colour("strong_border")
        right = _TOWER.right()
        decoder = _DECODER
        for y in (_TEXT_Y + 10, _IMAGE_Y + 10):
            _arrow(painter, grey, QPointF(52, y), QPointF(60, y))
            _arrow(painter, grey, QPointF(right, y), QPointF(decoder.left() - 1, y))
        middle = _MASK.center().y()
        _arrow(painter, grey, QPointF(decoder.right(), middle), QPointF(_MASK.left() - 2, middle))

    def _between(self, painter: QPainter) -> None:
        """What makes prompts of one side from the other, or of both from one set."""
        entry, accent = self.entry, look().colour("accent")
        middle = (_TEXT_Y + _TOWER.height() + _IMAGE_Y) / 2
        x = _TOWER.x() + _TOWER.width() * 0.36
        if "text_to_image" in entry.learns_at:
            for offset in (-14, 0, 14):
                top = QPointF(x + offset, _TEXT_Y + _TOWER.height() + 2)
                _arrow(painter, accent, top, QPointF(x + offset, _IMAGE_Y - 2))
        if "shared" in entry.learns_at:
            place = QRectF(x - 20, middle - 6, 40, 12)
            painter.setPen(QPen(accent, 1))
            painter.setBrush(accent)
            painter.drawRoundedRect(place, 4, 4)
            _arrow(painter, accent, QPointF(x, place.top()), QPointF(x, _TEXT_Y + _TOWER.height() + 1))
            _arrow(painter, accent, QPointF(x, place.bottom()), QPointF(x, _IMAGE_Y - 1))
        if "image_to_text" in entry.learns_at:
            path = QPainterPath(QPointF(_TOWER.right() - 6, _IMAGE_Y - 2))
            path.cubicTo(
                QPointF(_TOWER.right() - 6, middle - 6),
                QPointF(_TOWER.x() + 10, middle + 8),
                QPointF(_TOWER.x() + 6, _TEXT_Y + _TOWER.height() + 4),
            )
            painter.setPen(QPen(accent, 1.4))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(path)
            end = QPointF(_TOWER.x() + 6, _TEXT_Y + _TOWER.height() + 2)
            _head(painter, accent, end, QPointF(0, -1))

    def _decoder(self, painter: QPainter) -> None:
        entry, colours = self.entry, look()
        self._block(painter, _DECODER, learns="decoder" in entry.learns_at)
        last = QRectF(_DECODER.right() - 6, _DECODER.top(), 6, _DECODER.height())
        if "last_layer" in entry.learns_at:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("accent"))
            painter.drawRoundedRect(last, 2.5, 2.5)
        if "upsampler" in entry.learns_at:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("accent"))
            painter.drawPolygon(
                [
                    QPointF(_DECODER.right() + 2, _MASK.center().y() - 5),
                    QPointF(_MASK.left() - 2, _MASK.top()),
                    QPointF(_MASK.left() - 2, _MASK.bottom()),
                    QPointF(_DECODER.right() + 2, _MASK.center().y() + 5),
                ]
            )
        painter.setPen(QPen(colours.colour("strong_border"), 1))
        painter.setBrush(colours.colour("stage"))
        painter.drawRoundedRect(_MASK, 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#E69F00"))  # a label's colour, as elsewhere
        painter.drawEllipse(_MASK.center() + QPointF(-1, 1), 6.5, 5)


def _arrow(painter: QPainter, colour: QColor, begin: QPointF, end: QPointF) -> None:
    painter.setPen(QPen(colour, 1.2))
    painter.drawLine(begin, end)
    way = end - begin
    length = max(1e-6, (way.x() ** 2 + way.y() ** 2) ** 0.5)
    _head(painter, colour, end, way / length)


def _head(painter: QPainter, colour: QColor, end: QPointF, way: QPointF) -> None:
    """The head of an arrow that arrives at `end`, going `way` (length 1)."""
    across = QPointF(-way.y(), way.x())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon([end, end - way * 4.5 + across * 2.6, end - way * 4.5 - across * 2.6])
