"""Shared Separate (TuneVLSeg, ACCV 2024): one set of small prompts, and a projector a side that fits it to each."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from engine.config.fields import setting
from engine.models.sites import PromptSites
from engine.models.text_sites import Place
from engine.strategies.base import STRATEGIES, Prompts, Words, check_room, random_context
from engine.strategies.contexts import ContextLearner
from engine.strategies.multimodal import MultimodalConfig
from engine.strategies.projector import ProjectorConfig, Width


class SharedSeparateLearner(ContextLearner):
    """`context_vectors` ([labels,] rows, n, shared width); `textual_projection_layers` and `visual_projection_layers`,
    one a depth."""

    def __init__(self, context: nn.Parameter, textual: nn.ModuleList, visual: nn.ModuleList, place: Place) -> None:
        super().__init__(context, place)
        self.image_per_label = self.text_per_label
        self.textual_projection_layers = textual
        self.visual_projection_layers = visual

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        del pooled
        rows = self.rows(label_index)
        return Prompts(
            image=_projected(self.visual_projection_layers, rows),
            text=_projected(self.textual_projection_layers, rows),
            place=self.place,
        )


def _projected(projectors: nn.ModuleList, rows: Tensor) -> Tensor:
    """As many rows as there are projectors, each through its own."""
    return torch.stack([project(row) for project, row in zip(projectors, rows, strict=False)])


@STRATEGIES.register("shared_separate")
class SharedSeparate(MultimodalConfig, ProjectorConfig):
    """Learns one small set of prompts, from which one network makes words and another makes image tokens."""

    title: ClassVar[str] = "Shared Separate"
    learns_at: ClassVar[tuple[str, ...]] = ("text", "image", "shared")

    shared_dim: int = setting(
        64,
        "Width of the prompts that both sides share.",
        title="Width of shared prompts",
        ge=1,
        le=4096,
        search=[32, 64],
    )
    context_std: float = setting(
        0.02,
        "Standard deviation of the random start.",
        title="Standard deviation at the start",
        gt=0,
        le=1,
        expert=True,
    )
    projector: Literal["mlp", "low_rank", "linear"] = setting(
        "linear",
        "Networks that make words and image tokens: hidden layers with ReLU, two factors of low rank, or one layer.",
    )
    projector_width: Width | Annotated[tuple[Width, ...], Field(min_length=1)] = setting(
        64, "Their hidden width, or the rank; a list for several hidden layers; linear ones have none."
    )
    projector_norm: bool = setting(
        False,
        "Their output is normalised (LayerNorm). The published switch for it does nothing to linear ones.",
        title="Normalise what the projectors give",
    )
    identical_start: bool = setting(
        False,
        "The networks of all depths start from the same weights, as published.",
        title="Same start at all depths",
        expert=True,
    )

    def check(self, sites: PromptSites) -> None:
        super().check(sites)
        check_room(self.num_context, sites.text_positions, "strategy.num_context")

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> SharedSeparateLearner:
        del words
        assert sites.image_width is not None
        same = self.identical_start
        return SharedSeparateLearner(
            self.label_contexts(
                labels, lambda: random_context(self.rows, self.num_context, self.shared_dim, self.context_std)
            ),
            self.projectors(self.prompt_depth, self.shared_dim, sites.text_width, identical=same),
            self.projectors(self.image_rows, self.shared_dim, sites.image_width, identical=same),
            self.class_position,
        )
