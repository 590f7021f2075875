"""One of several cards, for the steps Model and Strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from tunevlseg_gui.widgets.buttons import tab_at_chosen
from tunevlseg_gui.widgets.choice_card import ChoiceCard
from tunevlseg_gui.widgets.text import label


@dataclass(frozen=True)
class Offer:
    """One card: its value, texts, chips (text, tone), and why it cannot be chosen.

    `facts` is one line of numbers that may come later; `tip` what is too long for it. `drawing` makes the picture at
    its left, of `looks`.
    """

    value: str
    title: str
    text: str
    reason: str = ""
    chips: tuple[tuple[str, str], ...] = ()
    refused: str = ""
    warning: str = ""
    facts: str = field(default="", compare=False)
    tip: str = ""
    looks: object = None
    drawing: Callable[[], QWidget] | None = field(default=None, compare=False)


class CardList(QWidget):
    """`chosen` follows a press; `value` is what is chosen, also one that has no card (yet)."""

    chosen = Signal(str)
    pressed = Signal(str)  # by the user, not for want of another

    def __init__(self, kind: str, waiting: str, parent: QWidget | None = None) -> None:
        """`kind` begins the object names of the cards; `waiting` is shown until there are offers."""
        super().__init__(parent)
        self._kind = kind
        self._waiting = waiting
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._offers: list[Offer] = []
        self._cards: dict[str, ChoiceCard] = {}
        self.value = ""
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(10)
        self._rows.addWidget(label(waiting, "muted"))

    def show_offers(self, offers: list[Offer], preferred: str) -> None:
        """Draws the cards; what was chosen stays chosen where it can, else `preferred`, else the first.

        Cards that say the same as before are left alone, so that the keyboard's focus stays where it is.
        """
        self.settle([offer.value for offer in offers if not offer.refused], preferred)
        if [offer.value for offer in offers] != [offer.value for offer in self._offers] or not offers:
            self._clear()
        for place, offer in enumerate(offers):
            if place < len(self._offers) and offer == self._offers[place] and offer.value in self._cards:
                self._cards[offer.value].show_facts(offer.facts)
            else:
                self._put(place, offer)
        if not offers:
            self._rows.addWidget(label(self._waiting, "muted"))
        self._offers = list(offers)
        for value, made in self._cards.items():
            made.setChecked(value == self.value)
        tab_at_chosen(self._cards.values())

    def settle(self, free: list[str], preferred: str) -> None:
        """Chooses among what can be chosen, without drawing a card: as `show_offers` does."""
        wanted = self.value if self.value in free else preferred if preferred in free else (free[0] if free else "")
        if wanted != self.value:
            self.value = wanted
            self.chosen.emit(wanted)

    def tell(self, value: str, facts: str) -> None:
        """Numbers of one card, where it is shown."""
        if value in self._cards:
            self._cards[value].show_facts(facts)

    def card(self, value: str) -> ChoiceCard | None:
        return self._cards.get(value)

    def choose(self, value: str) -> None:
        """As if its card were pressed."""
        if value in self._cards:
            self._cards[value].setChecked(True)
            tab_at_chosen(self._cards.values())
        self.pressed.emit(value)
        if value != self.value:
            self.value = value
            self.chosen.emit(value)

    def _clear(self) -> None:
        while item := self._rows.takeAt(0):
            if widget := item.widget():
                self._let_go(widget)
        self._cards, self._offers = {}, []

    def _let_go(self, widget: QWidget) -> None:
        if isinstance(widget, ChoiceCard):
            self._group.removeButton(widget)
        widget.setParent(None)  # gone at once, also for whoever looks widgets up by name
        widget.deleteLater()

    def _put(self, place: int, offer: Offer) -> None:
        old = self._cards.get(offer.value)
        focused = old is not None and old.hasFocus()
        made = self._made(offer)
        if old is not None:
            self._rows.removeWidget(old)
            self._let_go(old)
        self._cards[offer.value] = made
        self._rows.insertWidget(place, made)
        if focused:
            made.setFocus()

    def _made(self, offer: Offer) -> ChoiceCard:
        made = ChoiceCard(offer.value, offer.title, offer.text, f"{self._kind}_{offer.value}")
        if offer.drawing is not None:
            made.put_picture(offer.drawing())
        for text, tone in offer.chips:
            made.add_chip(text, tone)
        if offer.reason:
            made.add_text(offer.reason, "")
        if offer.warning:
            made.add_text(offer.warning, "warning")
        made.show_facts(offer.facts)
        if offer.refused:
            made.add_text(offer.refused, "problem")
            made.setEnabled(False)
        made.setToolTip(offer.tip)
        said = (offer.text, offer.reason, offer.warning, offer.refused, offer.tip)
        made.setAccessibleDescription(" ".join(filter(None, said)))
        self._group.addButton(made)
        made.clicked.connect(lambda _checked=False: self.choose(offer.value))
        return made
