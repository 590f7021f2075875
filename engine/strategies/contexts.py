"""Context vectors that all labels share, or a set for each of them (CoOp's class-specific contexts).

What is saved is `context_vectors`: (depth, n, width) where labels share them, (labels, depth, n, width) where not.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.config.fields import setting
from engine.models.text_sites import Place
from engine.strategies.base import PromptLearner, StrategyConfig


class LabelContexts(StrategyConfig):
    """Settings of strategies whose learned words enter the phrase."""

    per_label: bool = setting(
        False, "One set of learned words per label (class-specific context).", title="Context of its own per label"
    )
    class_position: Place = setting(
        "end",
        "Where the phrase stands: after the learned words, amid them, or in front of them.",
        title="Position of the phrase",
        expert=True,
    )

    def label_contexts(self, labels: int, draw: Callable[[], nn.Parameter]) -> nn.Parameter:
        """What `draw` gives, (depth, n, width), once or, with `per_label`, once for each label on a new first axis.

        Words that contexts start from are the same for all labels, random numbers are drawn anew.
        """
        if not self.per_label:
            return draw()
        return nn.Parameter(torch.stack([draw().detach() for _ in range(labels)]))


class ContextLearner(PromptLearner):
    """Holds `context_vectors` and knows whose they are."""

    def __init__(self, context: nn.Parameter, place: Place = "end") -> None:
        """`context` as `LabelContexts.label_contexts` gives it: a fourth axis in front tells the labels apart."""
        super().__init__()
        self.context_vectors = context
        self.text_per_label = context.ndim == 4
        self.place = place

    def rows(self, label_index: Tensor | None) -> Tensor:
        """(depth, n, width), or with one set a label (depth, L, n, width), in the order of `label_index` (L,).

        Raises ValueError where several labels have their own and nobody says which is asked for (a bug).
        """
        if not self.text_per_label:
            return self.context_vectors
        if label_index is None:
            if self.context_vectors.shape[0] > 1:
                raise ValueError("contexts differ by label: label_index is needed")
            return self.context_vectors[0]
        return self.context_vectors[label_index].transpose(0, 1)

    def label_count(self) -> int:
        """How many labels have words of their own; 0 where they share them."""
        return int(self.context_vectors.shape[0]) if self.text_per_label else 0

    def learned_words(self) -> int:
        return int(self.context_vectors.shape[-2])
