"""Zero-shot: the base model as it is; the lower end of the scale."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

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

    @model_validator(mode="after")
    def _nothing_learns(self) -> Self:
        if self.upsampler != "none" or self.train_last_layer:
            raise ValueError("zero_shot learns nothing, so upsampler and train_last_layer stay off; see upsampler_only")
        return self

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> NoPrompts:
        del sites, words, labels
        return NoPrompts()
