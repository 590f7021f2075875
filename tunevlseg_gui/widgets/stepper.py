"""The steps of a wizard as a line: done, here, to come."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.widgets.buttons import tab_at_chosen


class Stepper(QWidget):
    """Steps up to the furthest one that can be entered can be pressed."""

    chosen = Signal(int)

    def __init__(self, titles: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        """`titles`: name and title of each step; the name goes into the button's object name."""
        super().__init__(parent)
        self._buttons: list[QPushButton] = []
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, (name, title) in enumerate(titles):
            made = QPushButton(f"{number + 1}  {title}")
            made.setObjectName(f"step_{name}")
            made.setProperty("role", "step")
            made.setCheckable(True)
            made.setAccessibleName(self.tr("Step {number}: {title}").format(number=number + 1, title=title))
            made.clicked.connect(lambda _checked=False, number=number: self.chosen.emit(number))
            group.addButton(made)
            self._buttons.append(made)
            row.addWidget(made)
        row.addStretch(1)
        self.show_step(0, 0)

    def show_step(self, here: int, reached: int) -> None:
        for number, made in enumerate(self._buttons):
            made.setChecked(number == here)
            made.setEnabled(number <= reached)
        tab_at_chosen(self._buttons)
        for number, made in enumerate(self._buttons):
            done = number < here
            made.setIcon(
                icon("check", "good")
                if done
                else icon("next", "muted")
                if number > here
                else icon("next", "accent_text")
            )
