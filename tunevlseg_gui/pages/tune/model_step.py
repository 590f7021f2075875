"""Step 2: which base weights."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from tunevlseg_gui.catalogue import BaseWeights
from tunevlseg_gui.pages.tune.card_list import CardList, Offer
from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.weights.more_models import MoreModels
from tunevlseg_gui.weights.store import WeightStore

PREFERRED = "starter"


class ModelStep(WizardStep):
    name = "model"

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(wizard, parent)
        self.cards = CardList("model", self.tr("Looking for installed models…"))
        self.rows.addWidget(self.cards)
        self.more = MoreModels(WeightStore.of(wizard.client))
        self.rows.addWidget(self.more)
        self.cards.chosen.connect(wizard.choose_weights)
        wizard.catalogue_changed.connect(self._offer)
        wizard.weights_changed.connect(self._offer)
        self._in_sight = False
        self._offer()

    def title(self) -> str:
        return self.tr("Model")

    def sentence(self) -> str:
        return self.tr(
            "The base model that is tuned: its own weights stay as they are, unless a strategy says otherwise. "
            "The starter comes with the program."
        )

    def problem(self) -> str:
        if self.wizard.catalogue.weights_called(self.wizard.draft.weights) is not None:
            return ""
        if not self.wizard.catalogue.complete:
            return self.tr("Looking for installed models…")
        return self.tr("No model is installed.")

    def enter(self) -> None:
        self._in_sight = True
        self._offer()
        super().enter()

    def leave(self) -> None:
        self._in_sight = False
        super().leave()

    def _offer(self) -> None:
        if not self.wizard.catalogue.weights:
            return  # a choice made before they are known must not be lost
        known_ones = self.wizard.catalogue.weights
        self.cards.value = self.wizard.draft.weights
        self.cards.settle([known.id for known in known_ones], PREFERRED)
        if self._in_sight:
            self.cards.show_offers([self._offer_of(known) for known in known_ones], PREFERRED)
            self.more.show_known(self.wizard.catalogue.known)
        self.wizard.choose_weights(self.cards.value)  # its network may only be known now
        self.checked.emit()
        self.rearranged.emit()

    def _offer_of(self, known: BaseWeights) -> Offer:
        networks = {"clipseg": self.tr("CLIPSeg network"), "cris": self.tr("CRIS network")}
        licence = known.licence or self.tr("not stated")
        facts = [self.tr("Licence: {licence}").format(licence=licence)]
        if known.megabytes:
            facts.append(f"{known.megabytes:g} MB")
        if known.sha256:
            facts.append(f"SHA-256 {known.sha256[:16]}…")
        return Offer(
            known.id,
            known.title,
            networks.get(known.model, known.model),
            reason=self.tr("This model {notice}").format(notice=known.notice)
            if known.notice.startswith("has ")
            else known.notice,
            chips=((self.tr("included"), ""),) if known.id.startswith("starter") else (),
            facts="  ·  ".join(facts),
        )
