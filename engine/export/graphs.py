"""The tuned model cut into the parts that a bundle holds, each a module with plain tensors in and out.

Prompts that depend on nothing are computed once and become constants, and so does the table of them where each label
has its own: the small networks that made them stay behind. Where the image shifts the words, the learner comes along.
Layers that a part does not use (the image tower after its last tap) never appear, since only what runs is traced.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.models.base import ImageFeatures, TextFeatures
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel


@dataclass(frozen=True, slots=True)
class Wiring:
    """Names of what goes into and comes out of each graph, in the order of the modules below."""

    text_inputs: tuple[str, ...]
    text_outputs: tuple[str, ...]
    image_inputs: tuple[str, ...]
    features: tuple[str, ...]
    """`features`, all maps in one array where they are of one shape, else `features_0`, `features_1` and so on."""
    pooled: bool

    @property
    def image_outputs(self) -> tuple[str, ...]:
        return (*self.features, "pooled") if self.pooled else self.features

    @property
    def mask_inputs(self) -> tuple[str, ...]:
        return (*self.features, *self.text_outputs)


def wiring_of(tuned: TunedModel, size: int) -> Wiring:
    """What the graphs of this model and learner exchange; runs the network once on a blank image of `size`."""
    learner = tuned.learner
    by_label = ("label_index",) if learner.text_per_label else ()
    pooled = ("pooled",) if learner.needs_pooled else ()
    with torch.no_grad():
        taps = tuned.vlsm.encode_image(torch.zeros(1, 3, size, size)).taps
        ids = torch.zeros(1, 4, dtype=torch.int64)
        words = tuned.vlsm.encode_text(ids, torch.ones_like(ids)).tokens is not None
    alike = len({tap.shape for tap in taps}) == 1
    return Wiring(
        text_inputs=("input_ids", "attention_mask", *pooled, *by_label),
        text_outputs=("embedding", "tokens", "tokens_mask") if words else ("embedding",),
        image_inputs=("pixel_values", "label_index") if learner.image_per_label else ("pixel_values",),
        features=("features",) if alike else tuple(f"features_{number}" for number in range(len(taps))),
        pooled=learner.needs_pooled,
    )


def constant_prompts(tuned: TunedModel) -> Prompts:
    """What the learner gives where it does not depend on the image, detached; one set a label where labels have their
    own, (depth, labels, n, width)."""
    if tuned.learner.needs_pooled:
        return Prompts()
    count = tuned.learner.label_count()
    with torch.no_grad():
        prompts = tuned.learner(None, torch.arange(count) if count else None)
    return Prompts(
        image=None if prompts.image is None else prompts.image.detach(),
        text=None if prompts.text is None else prompts.text.detach(),
        place=prompts.place,
    )


class TextGraph(nn.Module):
    """input_ids, attention_mask int64 [P, T] → embedding [P, D].

    Where it depends on them, pooled [P, J] and label_index int64 [P] go in, too; where the decoder reads words, tokens
    [P, U, W] and tokens_mask int64 [P, U] come out.
    """

    def __init__(self, tuned: TunedModel, prompts: Prompts, wiring: Wiring) -> None:
        super().__init__()
        self.vlsm = tuned.vlsm
        self.learner = tuned.learner if wiring.pooled else None
        self.wiring = wiring
        self.place = prompts.place
        self.prompts: Tensor | None
        self.register_buffer("prompts", prompts.text)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(self.wiring.text_inputs, tensors, strict=True))
        prompts, place = self.prompts, self.place
        if self.learner is not None:
            shifted = self.learner(given["pooled"], given.get("label_index"))
            prompts, place = shifted.text, shifted.place
        elif prompts is not None and "label_index" in given:
            prompts = prompts[:, given["label_index"]]
        text = self.vlsm.encode_text(given["input_ids"], given["attention_mask"], prompts, place)
        if text.tokens is None or text.mask is None:
            return (text.embedding,)
        return text.embedding, text.tokens, text.mask.long()


class ImageGraph(nn.Module):
    """pixel_values [B, 3, S, S] → features [B, taps, tokens, R], or the maps one by one; pooled [B, J] where words need
    it. Tokens are CLS, patches, then prompts; those may be a label's own, then label_index int64 [B] goes in, too."""

    def __init__(self, tuned: TunedModel, prompts: Prompts, wiring: Wiring) -> None:
        super().__init__()
        self.vlsm = tuned.vlsm
        self.wiring = wiring
        self.prompts: Tensor | None
        self.register_buffer("prompts", prompts.image)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        prompts = self.prompts
        if prompts is not None and len(tensors) > 1:
            prompts = prompts[:, tensors[1]]
        image = self.vlsm.encode_image(tensors[0], prompts, pooled=self.wiring.pooled)
        features = (torch.stack(image.taps, dim=1),) if len(self.wiring.features) == 1 else image.taps
        if not self.wiring.pooled:
            return features
        assert image.pooled is not None
        return *features, image.pooled


class MaskGraph(nn.Module):
    """Features and what is known of the phrase, rows that pair up → logits float32 [N, 1, S, S]."""

    def __init__(self, tuned: TunedModel, num_prompts: int, wiring: Wiring) -> None:
        super().__init__()
        self.tuned = tuned
        self.num_prompts = num_prompts
        self.wiring = wiring

    def forward(self, *tensors: Tensor) -> Tensor:
        count = len(self.wiring.features)
        features, text = tensors[:count], tensors[count:]
        taps = features[0].unbind(dim=1) if count == 1 else features
        return self.tuned.answer(ImageFeatures(taps, None, self.num_prompts), TextFeatures(*text))
