"""CoCoOp (Zhou et al., CVPR 2022): learned words that each image shifts.

A small network a depth turns the pooled image feature into one shift for all words of that depth. The shift reads the
image as the frozen, unprompted encoder sees it. Depth, projector forms and their norm are TuneVLSeg's extensions.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from engine.config.fields import setting
from engine.models.sites import PromptSites
from engine.strategies.base import STRATEGIES, PromptLearner, Prompts, Words
from engine.strategies.coop import CoOp
from engine.strategies.projector import ProjectorConfig


class CoCoOpLearner(PromptLearner):
    """`context_vectors` (depth, n, text width) and `projection_layers`, a network a depth (or one, repeated)."""

    needs_pooled = True
    image_varies = False

    def __init__(self, context: nn.Parameter, projectors: nn.ModuleList, *, normalise: bool) -> None:
        super().__init__()
        self.context_vectors = context
        self.projection_layers = projectors
        self.normalise = normalise

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        """`pooled` (N, joint width) → text prompts (depth, N, n, text width)."""
        del label_index
        assert pooled is not None
        if self.normalise:
            pooled = pooled / pooled.norm(dim=-1, keepdim=True)
        shifts = torch.stack([project(pooled) for project in self.projection_layers])
        return Prompts(text=self.context_vectors[:, None] + shifts[:, :, None])

    def learned_words(self) -> int:
        return int(self.context_vectors.shape[-2])


@STRATEGIES.register("cocoop")
class CoCoOp(CoOp, ProjectorConfig):
    """Learns words before the phrase that each image shifts (CoCoOp). Every phrase is encoded for every image."""

    title: ClassVar[str] = "CoCoOp"

    normalise_image_features: bool = setting(
        False, "The image feature is brought to length 1 before it shifts the words, as CoCoOp's own code does."
    )

    def build(self, sites: PromptSites, words: Words) -> CoCoOpLearner:
        context = self.contexts(sites, words, self.prompt_depth)
        # The shift has no bias of its own: the context vectors are one.
        projectors = self.projectors(self.prompt_depth, sites.joint_width, sites.text_width, final_bias=False)
        return CoCoOpLearner(context, projectors, normalise=self.normalise_image_features)
