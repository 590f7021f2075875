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
from engine.models.text_sites import Place
from engine.strategies.base import STRATEGIES, Prompts, Words
from engine.strategies.contexts import ContextLearner
from engine.strategies.coop import CoOp, by_layer
from engine.strategies.projector import ProjectorConfig


class CoCoOpLearner(ContextLearner):
    """`context_vectors` ([labels,] depth, n, text width) and `projection_layers`, a network a depth or one for all."""

    needs_pooled = True
    image_varies = False

    def __init__(
        self, context: nn.Parameter, projectors: nn.ModuleList, place: Place, *, normalise: bool, deep_from: int = 1
    ) -> None:
        super().__init__(context, place)
        self.projection_layers = projectors
        self.normalise = normalise
        self.deep_from = deep_from

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        """`pooled` (N, joint width) → text prompts (depth, N, n, text width)."""
        assert pooled is not None
        if self.normalise:
            pooled = pooled / pooled.norm(dim=-1, keepdim=True)
        shifts = torch.stack([project(pooled) for project in self.projection_layers])
        rows = self.rows(label_index)
        rows = rows[:, None] if rows.ndim == 3 else rows
        return Prompts(text=by_layer(rows + shifts[:, :, None], self.deep_from), place=self.place)


@STRATEGIES.register("cocoop")
class CoCoOp(CoOp, ProjectorConfig):
    """Learns words before the phrase that each image shifts (CoCoOp). Every phrase is encoded for every image."""

    title: ClassVar[str] = "CoCoOp"
    learns_at: ClassVar[tuple[str, ...]] = ("text", "image_to_text")

    normalise_image_features: bool = setting(
        False, "The image feature is brought to length 1 before it shifts the words, as CoCoOp's own code does."
    )

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> CoCoOpLearner:
        context = self.contexts(sites, words, self.prompt_depth, labels)
        # The shift has no bias of its own: the context vectors are one.
        projectors = self.projectors(self.prompt_depth, sites.joint_width, sites.text_width, final_bias=False)
        return CoCoOpLearner(
            context,
            projectors,
            self.class_position,
            normalise=self.normalise_image_features,
            deep_from=self.deep_from,
        )
