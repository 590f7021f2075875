"""Where phrases are typed, one a line: Enter asks, Shift+Enter begins another line."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget


class PromptEdit(QPlainTextEdit):
    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptEdit")
        self.setAccessibleName("Phrases, one a line")
        self.setPlaceholderText("What to look for, such as\npolyp")
        self.setToolTip("One phrase a line. Enter asks, Shift+Enter begins another line.")
        self.setTabChangesFocus(True)
        self.setFixedHeight(4 * self.fontMetrics().lineSpacing() + 20)

    def phrases(self) -> list[str]:
        """Each phrase once, in order, without surplus blanks."""
        lines = (" ".join(line.split()) for line in self.toPlainText().splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.asked.emit()
            event.accept()
            return
        super().keyPressEvent(event)
