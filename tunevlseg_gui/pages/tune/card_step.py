"""What the steps Model and Strategy share: one of several cards, which are drawn while the step is in sight."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtWidgets import QWidget

from tunevlseg_gui.pages.tune.card_list import CardList, Offer
from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.wizard import Wizard


class CardStep(WizardStep):
    """A subclass gives `free`, `offers`, `chosen`, `choose` and `preferred`, and calls `offer` whenever they change."""

    preferred: ClassVar[str]

    def __init__(self, wizard: Wizard, waiting: str, parent: QWidget | None = None) -> None:
        """`waiting` is shown until there are cards."""
        super().__init__(wizard, parent)
        self.in_sight = False
        self.cards = CardList(self.name, waiting)
        self.cards.chosen.connect(self.choose)
        self.rows.addWidget(self.cards)

    def free(self) -> list[str]:
        """What can be chosen; empty while it is not known."""
        raise NotImplementedError

    def offers(self) -> list[Offer]:
        """All cards, also of what cannot be chosen."""
        raise NotImplementedError

    def chosen(self) -> str:
        """What the wizard says."""
        raise NotImplementedError

    def choose(self, value: str) -> None:
        """Tells the wizard."""
        raise NotImplementedError

    def offer(self) -> None:
        """Settles what is chosen, and draws the cards where somebody sees them: those with drawings take a while."""
        free = self.free()
        if not free:
            return  # a choice made before they are known must not be lost
        self.cards.value = self.chosen()
        self.cards.settle(free, self.preferred)
        if self.in_sight:
            self.cards.show_offers(self.offers(), self.preferred)
        self.choose(self.cards.value)  # what it means may only be known now
        self.checked.emit()
        self.rearranged.emit()

    def enter(self) -> None:
        self.in_sight = True
        self.offer()
        super().enter()

    def leave(self) -> None:
        self.in_sight = False
        super().leave()
