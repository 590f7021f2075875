"""Upsampler only: the control that shows how much of a gain the new upsampler alone explains."""

from __future__ import annotations

from typing import ClassVar, Literal

from engine.config.fields import setting
from engine.models.sites import PromptSites
from engine.strategies.base import STRATEGIES, StrategyConfig, Words
from engine.strategies.zero_shot import NoPrompts


@STRATEGIES.register("upsampler_only")
class UpsamplerOnly(StrategyConfig):
    """A control: only the new upsampler learns, no prompts. Shows what prompts add."""

    title: ClassVar[str] = "Upsampler only"
    learns_at: ClassVar[tuple[str, ...]] = ("upsampler",)

    upsampler: Literal["add", "blend"] = setting(
        "blend", "Learned upsampler: added to the model's answer, or blended with it."
    )

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> NoPrompts:
        del sites, words, labels
        return NoPrompts()
