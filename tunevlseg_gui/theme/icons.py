"""Line icons: SVG files whose `currentColor` becomes a colour of the theme when they are painted."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from tunevlseg_gui.resource_paths import icons_folder
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.translation import from_the_right

POINTING = ("next", "back")
"""Icons that point onwards or back along the line of reading: mirrored where that runs from right to left."""


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    text = (icons_folder() / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))


def _render(painter: QPainter, name: str, colour: str, place: QRectF) -> None:
    painter.save()
    if _mirrored(name):
        painter.translate(2 * place.center().x(), 0)
        painter.scale(-1, 1)
    _renderer(name, colour).render(painter, place)
    painter.restore()


def _mirrored(name: str) -> bool:
    return name in POINTING and from_the_right()


def _drawn(name: str, colour: str, size: QSize) -> QPixmap:
    """Kept: drawing from SVG costs ten times what a copy does, and a page asks for its icons at each painting."""
    key = f"{name} {colour} {size.width()}x{size.height()}{' mirrored' if _mirrored(name) else ''}"
    known = QPixmap()
    if QPixmapCache.find(key, known):
        return known
    drawn = QPixmap(size)
    if drawn.isNull():  # a button that has no room yet asks too
        return drawn
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    _render(painter, name, colour, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    QPixmapCache.insert(key, drawn)
    return drawn


class LineIcon(QIconEngine):
    """Asks for its colour at each painting, so that a change of theme needs no new icon; sharp at any scale."""

    def __init__(self, name: str, token: str, checked_token: str) -> None:
        super().__init__()
        self._name = name
        self._tokens = (token, checked_token)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _render(painter, self._name, self._colour(mode, state), QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _drawn(self._name, self._colour(mode, state), size)

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        token = self._tokens[state == QIcon.State.On]
        return look().tokens["disabled" if mode == QIcon.Mode.Disabled else token]

    def clone(self) -> QIconEngine:
        return LineIcon(self._name, *self._tokens)


def icon(name: str, token: str = "text", checked: str | None = None) -> QIcon:
    """The icon in a colour of the theme; `checked` is the colour's name while its button is checked."""
    return QIcon(LineIcon(name, token, checked or token))


def picture(name: str, size: int, token: str, ratio: float = 1.0) -> QPixmap:
    """The icon as a pixmap of `size` device-independent pixels, for labels."""
    drawn = QPixmap(_drawn(name, look().tokens[token], QSize(round(size * ratio), round(size * ratio))))
    drawn.setDevicePixelRatio(ratio)
    return drawn


def swatch(colour: str) -> QIcon:
    """A square of a colour (#RRGGBB). The same in a chosen row: a tint would make another colour of it."""
    drawn = QPixmap(16, 16)
    drawn.fill(QColor(colour))
    made = QIcon(drawn)
    made.addPixmap(drawn, QIcon.Mode.Selected)
    return made


def app_icon() -> QIcon:
    return QIcon(str(icons_folder() / "tunevlseg.svg"))
