"""Step 3: where what is learnt enters the model."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from tunevlseg_gui.catalogue import VPT_REASON, Strategy
from tunevlseg_gui.pages.tune.card_list import CardList, Offer
from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.wizard import Wizard

SUGGESTED = "vpt"


class StrategyStep(WizardStep):
    name = "strategy"

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(wizard, parent)
        self.cards = CardList("strategy", self.tr("Looking for strategies…"))
        self.rows.addWidget(self.cards)
        self.cards.chosen.connect(wizard.choose_strategy)
        for signal in (
            wizard.catalogue_changed,
            wizard.weights_changed,
            wizard.strategy_changed,
            wizard.shift_changed,
        ):
            signal.connect(self._offer)
        self._offer()

    def title(self) -> str:
        return self.tr("Strategy")

    def sentence(self) -> str:
        return self.tr(
            "How the model is taught: where the few numbers that learn enter it. Visual prompts (VPT) are suggested."
        )

    def problem(self) -> str:
        return "" if self.cards.value else self.tr("Choose a strategy.")

    def _offer(self) -> None:
        weights = self.wizard.weights
        self.cards.value = self.wizard.draft.strategy
        offers = [self._offer_of(known, known.refused_by(weights)) for known in self.wizard.catalogue.strategies]
        self.cards.show_offers(offers, SUGGESTED)
        self.wizard.choose_strategy(self.cards.value)
        self.checked.emit()

    def _offer_of(self, known: Strategy, refused: str) -> Offer:
        return Offer(
            known.name,
            known.title,
            known.summary,
            reason=VPT_REASON if known.name == SUGGESTED else "",
            chips=((self.tr("suggested"), "accent"),) if known.name == SUGGESTED else (),
            refused=refused,
            warning=self._advice(known),
        )

    def _advice(self, known: Strategy) -> str:
        """Against strategies that leave the image side alone, where the images are far from what the model knows."""
        shift = self.wizard.shift
        if shift is None or shift.level != "far" or tuple(known.sites) != ("text",):
            return ""
        return self.tr("Not advised here: your images are far from what this model knows, and only words would learn.")
