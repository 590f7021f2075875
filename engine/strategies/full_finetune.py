"""Full fine-tuning: every weight learns; the upper end of the scale."""

from __future__ import annotations

from typing import ClassVar

from engine.models.base import VLSM
from engine.models.sites import PromptSites
from engine.strategies.base import STRATEGIES, StrategyConfig, Words
from engine.strategies.zero_shot import NoPrompts


@STRATEGIES.register("full_finetune")
class FullFinetune(StrategyConfig):
    """Every weight of the model learns: most parameters, slowest, and the base model's other answers are forgotten."""

    title: ClassVar[str] = "Full fine-tuning"
    learns_at: ClassVar[tuple[str, ...]] = ("encoders", "decoder", "last_layer")
    learns_tower: ClassVar[bool] = True

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> NoPrompts:
        del sites, words, labels
        return NoPrompts()

    def unfreeze(self, vlsm: VLSM) -> None:
        for parameter in vlsm.parameters():
            parameter.requires_grad_(True)
