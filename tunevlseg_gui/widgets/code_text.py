"""Text for a terminal, a file or another program: shown as it is, in one width, to be read and copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from tunevlseg_gui.widgets.buttons import button


def code_text(name: str, title: str) -> QPlainTextEdit:
    """Cannot be edited; Tab leaves it. Runs from left to right in every language."""
    made = QPlainTextEdit()
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setProperty("role", "code")
    made.setReadOnly(True)
    made.setTabChangesFocus(True)
    # Of a read-only text the keyboard could otherwise select nothing.
    made.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    option = made.document().defaultTextOption()
    option.setTextDirection(Qt.LayoutDirection.LeftToRight)
    option.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    made.document().setDefaultTextOption(option)
    return made


def copy_button(name: str, title: str, of: QPlainTextEdit, *, role: str = "flat") -> QPushButton:
    """Copies all of it; `title` says what in a word or two."""
    return button(title, name, lambda: QGuiApplication.clipboard().setText(of.toPlainText()), role=role, picture="copy")
