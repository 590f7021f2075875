"""VPT (Jia et al., ECCV 2022): learned tokens beside the image patches; the text side stays as it is.

Tokens are appended at the end of the sequence and replaced before each of the first `prompt_depth` blocks, as in
TuneVLSeg.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from engine.config.fields import setting
from engine.models.sites import PromptSites
from engine.strategies.base import (
    STRATEGIES,
    PromptLearner,
    Prompts,
    StrategyConfig,
    Words,
    check_depth,
    need_image_sites,
    random_context,
)


class VPTLearner(PromptLearner):
    """`context_vectors` (depth, n, image width)."""

    text_varies = False

    def __init__(self, context: nn.Parameter) -> None:
        super().__init__()
        self.context_vectors = context

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        del pooled, label_index
        return Prompts(image=self.context_vectors)


@STRATEGIES.register("vpt")
class VPT(StrategyConfig):
    """Learns tokens beside the image patches (VPT). Helps most where images differ from photographs."""

    title: ClassVar[str] = "VPT"
    learns_at: ClassVar[tuple[str, ...]] = ("image",)

    prompt_depth: int = setting(
        6,
        "Image layers that receive learned tokens. Useful up to one more than the last layer that the decoder reads "
        "(11 in the published CLIPSeg, whose decoder reads layers 4, 7 and 10).",
        ge=1, le=12, search=(1, 11),
    )  # fmt: skip
    num_context: int = setting(4, "Learned tokens a layer.", title="Context vectors a layer", ge=1, le=64)
    context_std: float = setting(
        0.02,
        "Standard deviation of the random start.",
        title="Standard deviation at the start",
        gt=0,
        le=1,
        expert=True,
    )

    def check(self, sites: PromptSites) -> None:
        need_image_sites(sites, "VPT")
        check_depth(self.prompt_depth, sites.image_layers, "image encoder")

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> VPTLearner:
        del words, labels
        assert sites.image_width is not None
        return VPTLearner(random_context(self.prompt_depth, self.num_context, sites.image_width, self.context_std))
