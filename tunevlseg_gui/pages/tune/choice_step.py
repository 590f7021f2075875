"""Steps 2 and 3: one of several cards."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QScrollArea, QVBoxLayout, QWidget

from tunevlseg_gui.widgets.choice_card import ChoiceCard
from tunevlseg_gui.widgets.text import label


@dataclass(frozen=True)
class Offer:
    """One card: its value, texts, chips (text, tone), and why it cannot be chosen."""

    value: str
    title: str
    text: str
    reason: str = ""
    chips: list[tuple[str, str]] = field(default_factory=list)
    refused: str = ""


class ChoiceStep(QWidget):
    chosen = Signal(str)

    def __init__(self, kind: str, waiting: str, parent: QWidget | None = None) -> None:
        """`kind` begins the object names of the cards; `waiting` is shown until there are offers."""
        super().__init__(parent)
        self._kind = kind
        self._waiting = waiting
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.value = ""
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._rows = QVBoxLayout(inner)
        self._rows.setContentsMargins(0, 0, 8, 0)
        self._rows.setSpacing(10)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.show_offers([], "")

    def show_offers(self, offers: list[Offer], preferred: str) -> None:
        """Draws the cards; what was chosen stays chosen where it can, else `preferred`, else the first."""
        while item := self._rows.takeAt(0):
            if widget := item.widget():
                if isinstance(widget, ChoiceCard):
                    self._group.removeButton(widget)
                widget.setParent(None)  # gone at once, also for whoever looks widgets up by name
                widget.deleteLater()
        free = [offer.value for offer in offers if not offer.refused]
        wanted = self.value if self.value in free else preferred if preferred in free else (free[0] if free else "")
        for offer in offers:
            made = self._card(offer)
            made.setChecked(offer.value == wanted)
            self._rows.addWidget(made)
        if not offers:
            self._rows.addWidget(label(self._waiting, "muted"))
        self._rows.addStretch(1)
        if wanted != self.value:
            self.value = wanted
            self.chosen.emit(wanted)

    def _card(self, offer: Offer) -> ChoiceCard:
        made = ChoiceCard(offer.value, offer.title, offer.text, f"{self._kind}_{offer.value}")
        for text, tone in offer.chips:
            made.add_chip(text, tone)
        if offer.reason:
            made.add_text(offer.reason, "")
        if offer.refused:
            made.add_text(offer.refused, "problem")
            made.setEnabled(False)
        self._group.addButton(made)
        made.clicked.connect(lambda _checked=False: self._choose(offer.value))
        return made

    def _choose(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.chosen.emit(value)
