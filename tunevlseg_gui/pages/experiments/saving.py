"""What is shown as a file: a plot as PNG or SVG, trials as CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView, QWidget

from engine.contract.whole_file import write_text, write_whole
from tunevlseg_gui.theme.look import look

SCALE = 2.0
"""A picture has this many dots for each of the screen's."""


def view_of(plot: QWidget) -> QGraphicsView | None:
    """The drawing inside a plot; None for what is no drawing."""
    return plot.findChild(QGraphicsView)


def save_plot(plot: QWidget, path: Path) -> None:
    """By the path's ending, .svg or .png. Raises DiskFull or InputError."""
    view = view_of(plot)
    if view is None:
        return
    size = view.viewport().size()

    def draw(painter: QPainter) -> None:
        whole = QRectF(0, 0, size.width(), size.height())
        painter.fillRect(whole, look().colour("plot"))
        view.render(painter, whole, QRect(0, 0, size.width(), size.height()))

    write_whole(path, (_svg if path.suffix.lower() == ".svg" else _png)(size, draw))


def _svg(size: QSize, draw: Callable[[QPainter], None]) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        made = QSvgGenerator()
        made.setFileName(str(file))
        made.setSize(size)
        made.setViewBox(QRect(0, 0, size.width(), size.height()))
        painter = QPainter(made)
        draw(painter)
        painter.end()

    return write


def _png(size: QSize, draw: Callable[[QPainter], None]) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        picture = QImage(size * SCALE, QImage.Format.Format_ARGB32)
        picture.setDevicePixelRatio(SCALE)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw(painter)
        painter.end()
        picture.save(str(file), "PNG")

    return write


def save_text(text: str, path: Path) -> None:
    write_text(path, text)
