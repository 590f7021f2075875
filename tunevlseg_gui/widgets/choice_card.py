"""A card to choose from: a radio button with a title, a reason, small facts and perhaps a picture."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tunevlseg_gui.widgets.text import label, set_tone


class ChoiceCard(QPushButton):
    """Checkable; put several into one QButtonGroup. Its height follows the text at its width."""

    def __init__(self, value: str, title: str, text: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = value
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.setProperty("role", "choice")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self._head = QHBoxLayout()
        self._head.setSpacing(6)
        self._head.addWidget(label(title, "heading", wrap=True), 1)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(5)
        self._rows.addLayout(self._head)
        self._whole = QHBoxLayout(self)
        self._whole.setContentsMargins(16, 12, 16, 12)
        self._whole.setSpacing(16)
        texts = QVBoxLayout()  # the texts keep together at the top, however tall the picture is
        texts.addLayout(self._rows)
        texts.addStretch(1)
        self._whole.addLayout(texts, 1)
        if text:
            self.add_text(text)
        self._facts = label("", "", wrap=True, name=f"{name}_facts")
        self._facts.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._facts.hide()
        self._rows.addWidget(self._facts)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add_chip(self, text: str, tone: str = "") -> None:
        chip = label(text, "chip")
        set_tone(chip, tone)
        chip.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._head.addWidget(chip)

    def add_text(self, text: str, role: str = "muted") -> None:
        line = label(text, role, wrap=True)
        line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._rows.addWidget(line)

    def put_picture(self, picture: QWidget) -> None:
        """At its left, at the top."""
        picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._whole.insertWidget(0, picture, 0, Qt.AlignmentFlag.AlignTop)

    def show_facts(self, text: str) -> None:
        """One line of numbers that is known later than the rest; empty: none."""
        self._facts.setText(text)
        self._facts.setVisible(bool(text))
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._whole.totalHeightForWidth(width)

    def sizeHint(self) -> QSize:
        hint = self._whole.totalSizeHint()
        return QSize(hint.width(), self.heightForWidth(max(self.width(), 320)))

    def minimumSizeHint(self) -> QSize:
        return QSize(220, self.heightForWidth(max(self.width(), 320)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()
