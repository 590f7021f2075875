"""The top of a page: title, one line below it, actions on the right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.widgets.text import PathLabel


class PageHeader(QWidget):
    def __init__(self, title: str, line: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = PathLabel(title, "title")
        self._title.setObjectName("pageTitle")
        self._line = PathLabel(line)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._title)
        texts.addWidget(self._line)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addLayout(texts, 1)

    def add(self, widget: QWidget) -> None:
        """One more action, to the right of those before."""
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_title(self, title: str) -> None:
        self._title.set_path(title)

    def set_line(self, line: str) -> None:
        self._line.set_path(line)
