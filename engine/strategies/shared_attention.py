"""Shared Attention (TuneVLSeg, ACCV 2024): prompts as wide as both encoders together, mixed by a transformer layer.

Each depth's prompts pass one encoder layer; its output is cut along the channels into words and image tokens. As
published, the layer is fed with the axes swapped, so that each prompt attends to itself alone and the number of heads
plays no part (`attend_across: batch`). By default the prompts of a depth attend to each other.
"""

from __future__ import annotations

import copy
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from engine.config.fields import setting
from engine.contract.errors import OutOfRange
from engine.models.sites import PromptSites
from engine.models.text_sites import Place
from engine.strategies.base import STRATEGIES, Prompts, Words, check_room, random_context
from engine.strategies.contexts import ContextLearner
from engine.strategies.multimodal import MultimodalConfig


class SharedAttentionLearner(ContextLearner):
    """`context_vectors` ([labels,] rows, n, text + image width); `projection_layers`, an encoder layer a depth."""

    def __init__(
        self,
        context: nn.Parameter,
        layers: nn.ModuleList,
        sides: tuple[int, int],
        depths: tuple[int, int],
        place: Place,
        *,
        attend: bool,
    ) -> None:
        """`sides`: widths of text and image; `depths`: of text and image; `attend`: prompts attend to each other."""
        super().__init__(context, place)
        self.image_per_label = self.text_per_label
        self.projection_layers = layers
        self.sides = sides
        self.depths = depths
        self.attend = attend

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        """Both sides come from one pass, since dropout draws random numbers."""
        del pooled
        rows = self.rows(label_index)
        mixed = [self._mixed(layer, row) for layer, row in zip(self.projection_layers, rows, strict=True)]
        text, image = torch.split(torch.stack(mixed), list(self.sides), dim=-1)
        text_depth, image_depth = self.depths
        return Prompts(image=image[:image_depth], text=text[:text_depth], place=self.place)

    def _mixed(self, layer: nn.Module, row: Tensor) -> Tensor:
        """(…, n, width) → the same shape; the n prompts are one sequence, or n sequences of one."""
        sequences = row.reshape(-1, row.shape[-2] if self.attend else 1, row.shape[-1])
        mixed: Tensor = layer(sequences)
        return mixed.reshape(row.shape)


@STRATEGIES.register("shared_attention")
class SharedAttention(MultimodalConfig):
    """Learns prompts for both encoders at once, mixed by a transformer layer. Many weights: 10 million a depth."""

    title: ClassVar[str] = "Shared Attention"
    learns_at: ClassVar[tuple[str, ...]] = ("text", "image", "shared")

    context_std: float = setting(
        0.02,
        "Standard deviation of the random start.",
        title="Standard deviation at the start",
        gt=0,
        le=1,
        expert=True,
    )
    attend_across: Literal["context", "batch"] = setting(
        "context", "What attends to what: the prompts of a depth to each other, or, as published, each to itself alone."
    )
    heads: int = setting(16, "Heads of the attention; they divide the width of both encoders together.",
                         title="Attention heads", ge=1, le=128, search=[16, 20, 32])  # fmt: skip
    feed_forward: int = setting(
        1536, "Width of the layer's feed-forward part.", title="Feed-forward width", ge=1, le=16384, search=[1280, 1420]
    )
    dropout: float = setting(0.25, "Share of the layer's values dropped while tuning.", ge=0, lt=1, search=(0.1, 0.55))
    norm_first: bool = setting(
        True, "The layer normalises before attention and feed-forward rather than after.", title="Normalise first",
        expert=True, search=[True, False],
    )  # fmt: skip
    activation: Literal["relu", "gelu"] = setting("relu", "Activation of the feed-forward part.", expert=True)
    layer_shared: bool = setting(
        False, "One layer for all depths instead of one a depth.", title="One layer for all depths", expert=True
    )
    identical_start: bool = setting(
        False,
        "The layers of all depths start from the same weights, as published.",
        title="Same start at all depths",
        expert=True,
    )

    def check(self, sites: PromptSites) -> None:
        super().check(sites)
        check_room(self.num_context, sites.text_positions, "strategy.num_context")
        width = sites.text_width + (sites.image_width or 0)
        if width % self.heads:
            raise OutOfRange(
                f"strategy.heads: {self.heads} heads do not divide the {width} channels of the prompts "
                f"({sites.text_width} of text, {sites.image_width} of image).",
                hint=f"Choose one of: {', '.join(str(count) for count in range(1, 65) if width % count == 0)}.",
                field="strategy.heads",
            )

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> SharedAttentionLearner:
        del words
        assert sites.image_width is not None
        width = sites.text_width + sites.image_width
        first = self._layer(width)
        layers = [first]
        for _ in range(self.rows - 1):
            layers.append(
                first if self.layer_shared else copy.deepcopy(first) if self.identical_start else self._layer(width)
            )
        return SharedAttentionLearner(
            self.label_contexts(labels, lambda: random_context(self.rows, self.num_context, width, self.context_std)),
            nn.ModuleList(layers),
            (sites.text_width, sites.image_width),
            (self.prompt_depth, self.image_rows),
            self.class_position,
            attend=self.attend_across == "context",
        )

    def _layer(self, width: int) -> nn.TransformerEncoderLayer:
        return nn.TransformerEncoderLayer(
            width,
            self.heads,
            self.feed_forward,
            self.dropout,
            self.activation,
            batch_first=True,
            norm_first=self.norm_first,
        )
