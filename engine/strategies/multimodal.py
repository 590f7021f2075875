"""Settings of strategies that give prompts to both encoders."""

from __future__ import annotations

from engine.config.fields import setting
from engine.models.sites import PromptSites
from engine.strategies.base import check_depth, need_image_sites
from engine.strategies.contexts import LabelContexts


class MultimodalConfig(LabelContexts):
    """Depths of the two sides, one value for both by default, and how many prompts a layer."""

    prompt_depth: int = setting(
        6, "Layers that receive prompts, in both encoders unless image_depth says otherwise.", ge=1, le=12,
        search=(1, 11),
    )  # fmt: skip
    image_depth: int | None = setting(
        None, "Layers of the image encoder that receive prompts; none: as many as prompt_depth.",
        title="Prompt depth in images",
        ge=1, le=12,
        expert=True,
    )  # fmt: skip
    num_context: int = setting(4, "Learned prompts a layer.", title="Context vectors a layer", ge=1, le=32)

    @property
    def image_rows(self) -> int:
        """How many image layers receive prompts."""
        return self.prompt_depth if self.image_depth is None else self.image_depth

    @property
    def rows(self) -> int:
        """How many sets of prompts are learned: those of the deeper side."""
        return max(self.prompt_depth, self.image_rows)

    def check(self, sites: PromptSites) -> None:
        need_image_sites(sites, self.title)
        check_depth(self.prompt_depth, sites.text_layers, "text encoder")
        field = "strategy.prompt_depth" if self.image_depth is None else "strategy.image_depth"
        check_depth(self.image_rows, sites.image_layers, "image encoder", field)
        super().check(sites)
