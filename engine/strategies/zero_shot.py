"""Zero-shot: the base model as it is; the lower end of the scale."""

from __future__ import annotations

from typing import ClassVar

from engine.models.sites import PromptSites
from engine.strategies.base import STRATEGIES, PromptLearner, StrategyConfig, Words


class NoPrompts(PromptLearner):
    """Learns nothing."""

    text_varies = False
    image_varies = False


@STRATEGIES.register("zero_shot")
class ZeroShot(StrategyConfig):
    """The base model as it is: nothing learns, the phrase alone decides."""

    title: ClassVar[str] = "Zero-shot"

    def build(self, sites: PromptSites, words: Words) -> NoPrompts:
        del sites, words
        return NoPrompts()
