"""Step 3: where what is learnt enters the model, how much it is, how long it takes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from engine.contract.durations import duration
from tunevlseg_gui.catalogue import Strategy
from tunevlseg_gui.pages.tune.card_list import Offer
from tunevlseg_gui.pages.tune.card_step import CardStep
from tunevlseg_gui.pages.tune.draft import share_in_words, size_in_words
from tunevlseg_gui.pages.tune.strategy_drawing import StrategyDrawing, entry_of
from tunevlseg_gui.pages.tune.wizard import Wizard


class StrategyStep(CardStep):
    name = "strategy"
    preferred = "vpt"

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(wizard, QCoreApplication.translate("StrategyStep", "Looking for strategies…"), parent)
        self._page_in_sight = False
        self._wished = self._settled = ""
        self.cards.pressed.connect(self._wish)
        for signal in (
            wizard.catalogue_changed,
            wizard.weights_changed,
            wizard.strategy_changed,
            wizard.shift_changed,
        ):
            signal.connect(self.offer)
        wizard.data_changed.connect(self._ask)
        wizard.figures.told.connect(self._tell)
        self.offer()

    def title(self) -> str:
        return self.tr("Strategy")

    def sentence(self) -> str:
        return self.tr(
            "How the model is taught: where the few numbers that learn enter it (in colour). "
            "Visual prompts (VPT) are suggested."
        )

    def problem(self) -> str:
        return "" if self.cards.value else self.tr("Choose a strategy.")

    def leave(self) -> None:
        super().leave()
        self._ask()

    def look_ahead(self, on: bool) -> None:
        """The page is in sight, or not: what learns is counted before anybody comes here, times are not measured."""
        self._page_in_sight = on
        if on:
            self._ask()
        else:
            self.wizard.figures.drop()

    def free(self) -> list[str]:
        known_ones = self.wizard.catalogue.strategies
        return [known.name for known in known_ones if not known.refused_by(self.wizard.weights)]

    def offers(self) -> list[Offer]:
        return [self._offer_of(known) for known in self.wizard.catalogue.strategies]

    def chosen(self) -> str:
        """What was wished last: a model that cannot take it only puts it aside."""
        if self.wizard.draft.strategy != self._settled:
            self._wished = self.wizard.draft.strategy  # by a recipe
        return self._wished

    def choose(self, value: str) -> None:
        self._settled = value
        self.wizard.choose_strategy(value)

    def _wish(self, value: str) -> None:
        self._wished = value

    def offer(self) -> None:
        super().offer()
        self._ask()

    def _offer_of(self, known: Strategy) -> Offer:
        entry = entry_of(self.wizard, known)
        refused = known.refused_by(self.wizard.weights)
        suggested = known.name == self.preferred and not refused
        return Offer(
            known.name,
            known.title,
            known.summary,
            reason=self._reason() if suggested else "",
            chips=((self.tr("suggested"), "accent"),) if suggested else (),
            refused=refused,
            warning=self._advice(known),
            facts=self._figures(known.name),
            looks=entry,
            drawing=lambda: StrategyDrawing(entry),
        )

    def _reason(self) -> str:
        """Why it is suggested."""
        return self.tr("In the published study, visual tokens helped most where images differ most from photographs.")

    def _advice(self, known: Strategy) -> str:
        """Against strategies that leave the image side alone, where the images are far from what the model knows."""
        shift = self.wizard.shift
        if shift is None or shift.level != "far" or known.sites != ("text",):
            return ""
        return self.tr("Not advised here: your images are far from what this model knows, and only words would learn.")

    # -- figures -------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        wizard = self.wizard
        if not self._page_in_sight or not wizard.catalogue.weights or not wizard.project.ready:
            return
        recipes = {name: wizard.recipe(name) for name in self.free()}
        wizard.figures.look_at(recipes, wizard.draft.strategy, measure=self.in_sight)

    def _tell(self, strategy: str) -> None:
        self.cards.tell(strategy, self._figures(strategy))

    def _figures(self, strategy: str) -> str:
        """What is known of it by now, in one line."""
        figures = self.wizard.figures
        learned, takes = figures.learned(strategy), figures.takes(strategy)
        parts = [share_in_words(learned)] if learned else []
        if learned is None and figures.waiting(strategy):
            parts.append(self.tr("counting what learns…"))
        if takes and "total" in takes:
            time = duration(float(takes["total"]), tenths=True)
            memory = self.tr("{size} of memory").format(size=size_in_words(float(takes.get("memory") or 0)))
            parts += [self.tr("at most {time} here").format(time=time), memory]
        elif figures.asking(strategy):
            parts.append(self.tr("measuring how long it takes…"))
        return "  ·  ".join(filter(None, parts))
