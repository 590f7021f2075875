"""MaPLe (Khattak et al., CVPR 2023): learned words, and image tokens made from them.

A projector a depth turns each learned word into a token beside the image patches, so both sides learn together. The
original has one linear layer a depth (`projector: linear`, `projector_norm: false`); the bottleneck with a norm is
TuneVLSeg's.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from engine.models.sites import PromptSites
from engine.strategies.base import STRATEGIES, PromptLearner, Prompts, Words
from engine.strategies.coop import CoOp
from engine.strategies.multimodal import MultimodalConfig
from engine.strategies.projector import ProjectorConfig


class MaPLeLearner(PromptLearner):
    """`context_vectors` (rows, n, text width); `projection_layers` from text to image width, one an image layer."""

    def __init__(self, context: nn.Parameter, projectors: nn.ModuleList, text_depth: int) -> None:
        super().__init__()
        self.context_vectors = context
        self.projection_layers = projectors
        self.text_depth = text_depth

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        del pooled, label_index
        rows = self.context_vectors
        image = [project(row) for project, row in zip(self.projection_layers, rows, strict=False)]
        return Prompts(image=torch.stack(image), text=rows[: self.text_depth])


@STRATEGIES.register("maple")
class MaPLe(MultimodalConfig, CoOp, ProjectorConfig):
    """Learns words and, made from them, tokens beside the image patches (MaPLe): both sides move together."""

    title: ClassVar[str] = "MaPLe"

    def build(self, sites: PromptSites, words: Words) -> MaPLeLearner:
        assert sites.image_width is not None
        context = self.contexts(sites, words, self.rows)
        projectors = self.projectors(self.image_rows, sites.text_width, sites.image_width)
        return MaPLeLearner(context, projectors, self.prompt_depth)
