"""Where phrases are typed, one a line: Enter asks, Shift+Enter begins another line."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engine.text.phrases import phrase_for


class PromptEdit(QPlainTextEdit):
    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptEdit")
        self.setAccessibleName(self.tr("Phrases, one a line"))
        self.setPlaceholderText(self.tr("What to look for, such as\npolyp"))
        self.setToolTip(self.tr("One phrase a line. Enter asks, Shift+Enter begins another line."))
        self.setTabChangesFocus(True)
        self.setFixedHeight(4 * self.fontMetrics().lineSpacing() + 20)

    def phrases(self) -> list[str]:
        """Each phrase once, in order, without surplus blanks."""
        lines = (" ".join(line.split()) for line in self.toPlainText().splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def add_phrase(self, phrase: str) -> None:
        """A line of its own, at the end; one that is there is not said twice."""
        phrases = self.phrases()
        if phrase not in phrases:
            self.setPlainText("\n".join([*phrases, phrase]))
            self.moveCursor(QTextCursor.MoveOperation.End)

    def use_template(self, name: str) -> None:
        """Lays the line with the cursor into a template of `engine.text.phrases`."""
        cursor = self.textCursor()
        line = cursor.block().text().strip()
        if not line:
            return
        cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
        after_another = cursor.selectedText().startswith("\u2029")  # the selection begins with the line's break
        cursor.insertText(("\n" if after_another else "") + phrase_for(line, name))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.asked.emit()
            event.accept()
            return
        super().keyPressEvent(event)
