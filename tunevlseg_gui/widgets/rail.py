"""The rail at the left: one button a page, exactly one of them down."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from tunevlseg_gui.theme.icons import icon


class Rail(QFrame):
    chosen = Signal(str)

    def __init__(self, pages: list[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        """`pages`: id, title, icon; the first one (home) is set apart from the others."""
        super().__init__(parent)
        self.setObjectName("rail")
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 10, 8, 10)
        column.setSpacing(4)
        for number, (name, title, picture) in enumerate(pages):
            made = QToolButton()
            made.setObjectName(f"rail_{name}")
            made.setText(title)
            made.setIcon(icon(picture, "muted", "accent_text"))
            made.setIconSize(QSize(26, 26))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            made.setCheckable(True)
            made.setFixedSize(QSize(76, 62))
            made.setToolTip(f"{title} (Ctrl+{number})" if number else f"{title} (Ctrl+0)")
            made.setAccessibleName(title)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.clicked.connect(lambda _checked=False, name=name: self.chosen.emit(name))
            self._group.addButton(made)
            self._buttons[name] = made
            column.addWidget(made)
            if number == 0:
                column.addSpacing(10)
        column.addStretch(1)

    def show_chosen(self, name: str) -> None:
        self._buttons[name].setChecked(True)
