"""Step 2: which base weights."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from tunevlseg_gui.catalogue import BaseWeights
from tunevlseg_gui.pages.tune.card_list import Offer
from tunevlseg_gui.pages.tune.card_step import CardStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.weights.more_models import MoreModels
from tunevlseg_gui.weights.store import WeightStore


class ModelStep(CardStep):
    name = "model"
    preferred = "starter"

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(wizard, QCoreApplication.translate("ModelStep", "Looking for installed models…"), parent)
        self.more = MoreModels(WeightStore.of(wizard.client))
        self.rows.addWidget(self.more)
        wizard.catalogue_changed.connect(self.offer)
        wizard.weights_changed.connect(self.offer)
        self.offer()

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

    def free(self) -> list[str]:
        return [known.id for known in self.wizard.catalogue.weights]

    def offers(self) -> list[Offer]:
        return [self._offer_of(known) for known in self.wizard.catalogue.weights]

    def chosen(self) -> str:
        return self.wizard.draft.weights

    def choose(self, value: str) -> None:
        self.wizard.choose_weights(value)

    def offer(self) -> None:
        super().offer()
        if self.in_sight:
            self.more.show_known(self.wizard.catalogue.known)

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
            tip=f"SHA-256 {known.sha256}" if known.sha256 else "",
        )
