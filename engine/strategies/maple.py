"""MaPLe (Khattak et al., CVPR 2023): learned words, and image tokens made from them.

A projector a depth turns each learned word into a token beside the image patches, so both sides learn together. The
original has one linear layer a depth (`projector: linear`, `projector_norm: false`); the bottleneck with a norm is
TuneVLSeg's.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from engine.config.fields import setting
from engine.models.sites import PromptSites
from engine.models.text_sites import Place
from engine.strategies.base import STRATEGIES, Prompts, Words
from engine.strategies.contexts import ContextLearner
from engine.strategies.coop import CoOp
from engine.strategies.multimodal import MultimodalConfig
from engine.strategies.projector import ProjectorConfig


class MaPLeLearner(ContextLearner):
    """`context_vectors` ([labels,] rows, n, text width); `projection_layers` to image width, an image layer each."""

    def __init__(self, context: nn.Parameter, projectors: nn.ModuleList, text_depth: int, place: Place) -> None:
        super().__init__(context, place)
        self.image_per_label = self.text_per_label
        self.projection_layers = projectors
        self.text_depth = text_depth

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        del pooled
        rows = self.rows(label_index)
        image = [project(row) for project, row in zip(self.projection_layers, rows, strict=False)]
        return Prompts(image=torch.stack(image), text=rows[: self.text_depth], place=self.place)


@STRATEGIES.register("maple")
class MaPLe(MultimodalConfig, CoOp, ProjectorConfig):
    """Learns words and, made from them, tokens beside the image patches (MaPLe): both sides move together."""

    title: ClassVar[str] = "MaPLe"
    learns_at: ClassVar[tuple[str, ...]] = ("text", "image", "text_to_image")

    deep_from: Literal[1] = setting(
        1, "Set k enters layer k, in both encoders.", title="Layers counted from", expert=True
    )

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> MaPLeLearner:
        assert sites.image_width is not None
        context = self.contexts(sites, words, self.rows, labels)
        projectors = self.projectors(self.image_rows, sites.text_width, sites.image_width)
        return MaPLeLearner(context, projectors, self.prompt_depth, self.class_position)
