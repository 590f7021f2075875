"""CoOp (Zhou et al., IJCV 2022): learned words before the phrase; every image and phrase shares them.

Deep prompts (a set of words of its own for each of the first `prompt_depth` text layers) are TuneVLSeg's extension.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from engine.config.fields import setting
from engine.contract.errors import OutOfRange
from engine.models.sites import PromptSites
from engine.models.text_sites import Place
from engine.strategies.base import (
    STRATEGIES,
    PromptLearner,
    Prompts,
    Words,
    check_depth,
    check_room,
    random_context,
)
from engine.strategies.contexts import ContextLearner, LabelContexts


class CoOpLearner(ContextLearner):
    """`context_vectors` (depth, n, text width), or (labels, depth, n, text width)."""

    image_varies = False

    def __init__(self, context: nn.Parameter, place: Place = "end", deep_from: int = 1) -> None:
        super().__init__(context, place)
        self.deep_from = deep_from

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        del pooled
        return Prompts(text=by_layer(self.rows(label_index), self.deep_from), place=self.place)


@STRATEGIES.register("coop")
class CoOp(LabelContexts):
    """Learns words before the phrase (CoOp). Cheapest; the image side stays as it is."""

    title: ClassVar[str] = "CoOp"
    learns_at: ClassVar[tuple[str, ...]] = ("text",)

    prompt_depth: int = setting(1, "Text layers that receive learned words.", ge=1, le=12, search=(1, 11))
    num_context: int = setting(
        4,
        "Learned words a layer; the words of initialise_from, if any, set it.",
        title="Context vectors a layer",
        ge=1,
        le=32,
    )
    initialise_from: str | tuple[str, ...] | None = setting(
        "a photo of a",
        "Words that the first layer's contexts start from; a list: one text a layer; none: random.",
        title="Start from words",
    )
    context_std: float = setting(
        0.02, "Standard deviation of random starts.", title="Standard deviation at the start", gt=0, le=1, expert=True
    )
    deep_from: Literal[0, 1] = setting(
        1,
        "How layers count their sets of words: 1: set k enters layer k. 0: the first set enters the first two layers, "
        "set k layer k + 1, as TuneVLSeg publishes it for CRIS (for CLIPSeg: 1).",
        title="Layers counted from",
        expert=True,
    )

    def check(self, sites: PromptSites) -> None:
        check_depth(self.prompt_depth, sites.text_layers, "text encoder")
        if self.initialise_from is None:
            check_room(self.num_context, sites.text_positions, "strategy.num_context")
            return
        texts = (self.initialise_from,) if isinstance(self.initialise_from, str) else self.initialise_from
        if not texts or not all(text.strip() for text in texts):
            raise OutOfRange(
                "strategy.initialise_from: there are no words to start from.",
                hint="Give words, or null for a random start.",
                field="strategy.initialise_from",
            )

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> PromptLearner:
        context = self.contexts(sites, words, self.prompt_depth, labels)
        return CoOpLearner(context, self.class_position, self.deep_from)

    def contexts(self, sites: PromptSites, words: Words, depth: int, labels: int = 1) -> nn.Parameter:
        """Context vectors ([labels,] depth, n, text width); raises OutOfRange where the words leave no room for a
        phrase."""
        context = self.label_contexts(
            labels,
            lambda: context_from_words(
                self.initialise_from, words, depth, self.num_context, sites.text_width, self.context_std
            ),
        )
        check_room(context.shape[-2], sites.text_positions, "strategy.initialise_from")
        return context


def by_layer(rows: Tensor, deep_from: int) -> Tensor:
    """Sets of words (depth, …) → one for each layer that takes one; counted from 0, the first set comes twice."""
    return torch.cat([rows[:1], rows]) if deep_from == 0 else rows


def context_from_words(
    texts: str | tuple[str, ...] | None, words: Words, depth: int, count: int, width: int, std: float
) -> nn.Parameter:
    """Context vectors (depth, n, width) whose first rows hold the embeddings of `texts`, the rest random.

    n is the number of tokens of the words (TuneVLSeg's rule). Raises OutOfRange for an empty text or for texts of
    different lengths.
    """
    if texts is None:
        return random_context(depth, count, width, std)
    rows = [words(text) for text in ([texts] if isinstance(texts, str) else list(texts)[:depth])]
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise OutOfRange(
            f"strategy.initialise_from: the texts have {sorted(lengths)} tokens; they need one length of at least 1.",
            hint="Give texts of equal length, or null for a random start.",
            field="strategy.initialise_from",
        )
    context = random_context(depth, lengths.pop(), width, std)
    with torch.no_grad():
        for row, embeddings in enumerate(rows):
            context[row] = embeddings
    return context
