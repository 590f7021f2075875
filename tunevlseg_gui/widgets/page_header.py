"""The top of a page: title, one line below it, actions on the right, some without their words where room is short."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.widgets.text import PathLabel

TITLE = 200
"""Pixels that a title has before the words of buttons go."""


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
        self._added: list[QWidget] = []
        self._words: dict[QAbstractButton, str] = {}

    def add(self, widget: QWidget, *, shrinks: bool = False) -> None:
        """One more action, to the right of those before. `shrinks`: a button whose icon says it too."""
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self._added.append(widget)
        if shrinks and isinstance(widget, QAbstractButton):
            self._words[widget] = widget.text()
            if not widget.toolTip():
                widget.setToolTip(widget.text())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Takes the words from buttons that can do without them, or gives them back; after others came or went."""
        for widget, words in self._words.items():
            widget.setText(words)
        shown = [widget for widget in self._added if not widget.isHidden()]
        needed = sum(widget.sizeHint().width() + self._row.spacing() for widget in shown)
        if needed + TITLE > self.width():
            for widget in self._words:
                widget.setText("")

    def set_title(self, title: str) -> None:
        self._title.set_path(title)

    def set_line(self, line: str) -> None:
        self._line.set_path(line)
