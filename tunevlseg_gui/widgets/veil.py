"""A view that has nothing to show yet is plain: unpainted, it would show what stood in its place before."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QGraphicsView, QWidget

from tunevlseg_gui.theme.look import look


class _Veil(QObject):
    """In place of each painting of a view, its ground: some microseconds."""

    def __init__(self, view: QAbstractScrollArea) -> None:
        super().__init__(view.viewport())
        self._ground = "plot" if isinstance(view, QGraphicsView) else "surface"
        view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Paint or not isinstance(watched, QWidget):
            return False
        painter = QPainter(watched)
        painter.fillRect(watched.rect(), look().colour(self._ground))
        painter.end()
        return True


def veil(view: QAbstractScrollArea) -> None:
    """From now on it is plain, until `unveil`."""
    if not veiled(view):
        _Veil(view)
        view.viewport().update()


def unveil(view: QAbstractScrollArea) -> None:
    """It is painted again, with what there is now."""
    for over in view.viewport().findChildren(_Veil):
        view.viewport().removeEventFilter(over)
        over.setParent(None)
        over.deleteLater()
        view.viewport().update()


def veiled(view: QAbstractScrollArea) -> bool:
    return view.viewport().findChild(_Veil) is not None
