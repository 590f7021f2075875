"""Last layer only: the control that shows how much of a gain the model's own last layer explains."""

from __future__ import annotations

from typing import ClassVar, Literal

from engine.config.fields import setting
from engine.models.sites import PromptSites
from engine.strategies.base import STRATEGIES, StrategyConfig, Words
from engine.strategies.zero_shot import NoPrompts


@STRATEGIES.register("last_layer_only")
class LastLayerOnly(StrategyConfig):
    """A control: only the model's last layer before the mask learns, no prompts. Shows what prompts add."""

    title: ClassVar[str] = "Last layer only"
    learns_at: ClassVar[tuple[str, ...]] = ("last_layer",)

    train_last_layer: Literal[True] = setting(
        True, "The last layer is what learns here.", title="Train the last layer", expert=True
    )

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> NoPrompts:
        del sites, words, labels
        return NoPrompts()
