"""What every strategy has: settings, the check against a model's sites, and the learner that it builds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from engine.config.fields import Settings, setting
from engine.config.registry import Registry
from engine.contract.errors import IncompatiblePair, OutOfRange
from engine.models.base import VLSM
from engine.models.sites import PromptSites
from engine.models.text_sites import Place

Words = Callable[[str], Tensor]
"""Text → frozen token embeddings (T, text width) of its words, without the tokens that begin and end a phrase."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """What a learner gives a model: tensors as `engine.models.sites.PromptSites` describes them, or None."""

    image: Tensor | None = None
    text: Tensor | None = None
    place: Place = "end"
    """Where the phrase's words stand, seen from the text prompts."""


class PromptLearner(nn.Module):
    """Holds what is learned. `needs_pooled`: the prompts depend on the pooled image feature (B, joint width).

    A learner with a set of contexts for each label says which side they reach: `text_per_label`, `image_per_label`.
    Its `forward` is then given `label_index` (L,) and answers with one set a label on that side, (depth, L, n, width);
    with `needs_pooled`, row i of `pooled` belongs to row i of `label_index`. A strategy comes by this in three steps
    (CoOp is the example): its settings inherit `engine.strategies.contexts.LabelContexts` and make their context
    vectors by `self.label_contexts(labels, draw)`; its learner inherits `ContextLearner` and in `forward` takes
    `self.rows(label_index)` in place of `self.context_vectors`, an axis L more where labels differ; where image prompts
    are made from these rows, its __init__ sets `image_per_label = self.text_per_label`.
    """

    needs_pooled: ClassVar[bool] = False
    text_per_label: bool = False
    image_per_label: bool = False
    text_varies: ClassVar[bool] = True
    """Whether text prompts learn; where not, phrases are encoded once for a whole run."""
    image_varies: ClassVar[bool] = True
    """Whether image prompts learn; where not, the image tower's output never changes."""

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        """The prompts; `label_index` (L,) tells which label each phrase stands for."""
        del pooled, label_index
        return Prompts()

    def label_count(self) -> int:
        """How many labels have prompts of their own; 0 where they share them."""
        return 0

    def learned_words(self) -> int:
        """Places among the text encoder's that the prompts take."""
        text = self().text
        return 0 if text is None else int(text.shape[-2])


class StrategyConfig(Settings, ABC):
    """Settings shared by all strategies: the learned upsampler and the last layer, as in TuneVLSeg."""

    title: ClassVar[str] = ""
    learns_at: ClassVar[tuple[str, ...]] = ()
    """Where what is learned enters, for drawings: text | image (prompts beside its tokens), text_to_image |
    image_to_text | shared (a network that makes prompts of one side from the other, or of both from one set),
    upsampler | last_layer | decoder | encoders (weights)."""
    learns_tower: ClassVar[bool] = False
    """Weights of the encoders learn too: nothing of the model may be kept."""
    learns_decoder: ClassVar[bool] = False
    """The decoder's first layers learn too, those that reduce the image features among them: these may not be kept."""

    upsampler: Literal["none", "add", "blend"] = setting(
        "none", "Learned upsampler beside the model's own: none, added to its answer, or blended with it."
    )
    upsampler_kernel: int = setting(
        5, "Side of its convolution.", title="Upsampler kernel", unit="pixels", ge=1, le=15, expert=True
    )
    upsampler_ratio: float = setting(
        0.5,
        "Its share at the start, where it is blended.",
        title="Upsampler share at the start",
        ge=0,
        le=1,
        expert=True,
    )
    train_last_layer: bool = setting(
        False, "Also train the model's last layer before the mask.", title="Train the last layer", expert=True
    )

    def check(self, sites: PromptSites) -> None:
        """Raises IncompatiblePair or OutOfRange for settings that the model cannot take."""

    @abstractmethod
    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> PromptLearner:
        """The learner, freshly initialised from the global random state; `labels`: how many there are to tell apart."""

    def unfreeze(self, vlsm: VLSM) -> None:
        """Marks the weights of the base model that learn too."""
        if self.train_last_layer:
            for parameter in vlsm.last_layer().parameters():
                parameter.requires_grad_(True)


STRATEGIES: Registry[StrategyConfig] = Registry("strategy", "engine.strategies")


def check_depth(depth: int, limit: int, tower: str, field: str = "strategy.prompt_depth") -> None:
    """Raises OutOfRange where `depth` exceeds the network's blocks."""
    if depth > limit:
        raise OutOfRange(
            f"{field}: the {tower} of this model has {limit} layers (got {depth}).",
            hint=f"Choose a depth from 1 to {limit}.",
            field=field,
        )


def check_room(count: int, positions: int, field: str) -> None:
    """Raises OutOfRange where `count` learned words leave no room for a phrase among the text tower's positions."""
    # The first token, at least one word, the last token.
    limit = positions - 3
    if count > limit:
        raise OutOfRange(
            f"{field}: the text encoder of this model has {positions} places; {count} learned words leave no room "
            f"for a phrase.",
            hint=f"Choose at most {limit}.",
            field=field,
        )


def need_image_sites(sites: PromptSites, title: str) -> None:
    """Raises IncompatiblePair where the image tower takes no tokens."""
    if sites.image_width is None:
        raise IncompatiblePair(
            f"{title} needs image sites; {sites.model} has a ResNet image tower and none.",
            hint="Choose CoOp or CoCoOp.",
            field="strategy.name",
        )


def random_context(depth: int, count: int, width: int, std: float) -> nn.Parameter:
    """Context vectors (depth, count, width), normal with mean 0."""
    return nn.Parameter(torch.randn(depth, count, width) * std)
