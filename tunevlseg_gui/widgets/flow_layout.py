"""Widgets beside each other, on further lines where a line is full: rows of buttons in a column of any width."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Left to right, or right to left where the language is written so."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def minimumSize(self) -> QSize:
        """Wide enough for the widest widget."""
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size

    def sizeHint(self) -> QSize:
        widths = [item.sizeHint().width() for item in self._items if not item.isEmpty()]
        return QSize(sum(widths) + self.spacing() * max(0, len(widths) - 1), self.minimumSize().height())

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def _place(self, rect: QRect, *, move: bool) -> int:
        """The height that is needed."""
        x, y, line = rect.x(), rect.y(), 0
        beside: list[tuple[QLayoutItem, QRect]] = []
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint().boundedTo(QSize(rect.width(), 1 << 20)).expandedTo(item.minimumSize())
            if line and x + size.width() > rect.right() + 1:
                if move:
                    self._put(beside, rect, line)
                x, y, line, beside = rect.x(), y + line + self.spacing(), 0, []
            beside.append((item, QRect(QPoint(x, y), size)))
            x += size.width() + self.spacing()
            line = max(line, size.height())
        if move:
            self._put(beside, rect, line)
        return y + line - rect.y()

    def _put(self, beside: list[tuple[QLayoutItem, QRect]], rect: QRect, height: int) -> None:
        """A line of items, each in the middle of its height."""
        parent = self.parentWidget()
        from_right = parent is not None and parent.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for item, place in beside:
            if from_right:
                place.moveRight(rect.right() - (place.x() - rect.x()))
            place.translate(0, (height - place.height()) // 2)
            item.setGeometry(place)
