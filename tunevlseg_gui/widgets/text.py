"""Labels in the roles that the style sheet knows, and frames that group them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from tunevlseg_gui.translation import isolated, line_start


def label(text: str = "", role: str = "", *, wrap: bool = False, name: str = "") -> QLabel:
    """A label; `role` is title | heading | number | muted | problem | warning | chip."""
    made = QLabel(text)
    # Texts come from files too: nothing in them may be taken for markup.
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setAlignment(line_start())
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wrap)
    if name:
        made.setObjectName(name)
    if role == "chip":
        made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def set_tone(widget: QWidget, tone: str, *, attribute: str = "tone") -> None:
    """Changes a property that the style sheet looks at, and repaints."""
    if widget.property(attribute) != tone:
        widget.setProperty(attribute, tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class PathLabel(QLabel):
    """One line that leaves out the middle of a path where it does not fit; the whole one is its tooltip."""

    def __init__(self, text: str = "", role: str = "muted", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_path(text)

    def set_path(self, text: str) -> None:
        self.setText(text)
        self.setToolTip(text)

    def shown(self) -> str:
        """What there is room for. A path is kept together: from right to left its first slash would be its last."""
        found = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        return isolated(found) if found.startswith(("/", "\\", "~", ".")) else found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment()), self.shown())
        painter.end()


def card(name: str = "", role: str = "card") -> QFrame:
    """A framed surface; role card | stage | drop | line."""
    made = QFrame()
    made.setProperty("role", role)
    if name:
        made.setObjectName(name)
    return made


def card_column(box: QFrame) -> QVBoxLayout:
    """The usual column of a card's contents."""
    column = QVBoxLayout(box)
    column.setContentsMargins(14, 12, 14, 12)
    column.setSpacing(7)
    return column
