"""The tuned model cut into the parts that a bundle holds, each a module with plain tensors in and out.

Prompts that depend on nothing are computed once and become constants: the small networks that made them stay behind.
Layers that a part does not use (the image tower after its last tap) never appear, since only what runs is traced.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.models.base import ImageFeatures, TextFeatures
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel


def fixed_prompts(tuned: TunedModel) -> Prompts:
    """What the learner gives where it depends neither on the image nor on the label; detached."""
    with torch.no_grad():
        prompts = tuned.learner()
    return Prompts(
        image=None if prompts.image is None else prompts.image.detach(),
        text=None if prompts.text is None else prompts.text.detach(),
    )


class TextGraph(nn.Module):
    """input_ids, attention_mask int64 [P, T] → embedding [P, D]."""

    def __init__(self, tuned: TunedModel, prompts: Prompts) -> None:
        super().__init__()
        self.vlsm = tuned.vlsm
        self.prompts: Tensor | None
        self.register_buffer("prompts", prompts.text)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.vlsm.encode_text(input_ids, attention_mask, self.prompts).embedding


class ImageGraph(nn.Module):
    """pixel_values [B, 3, S, S] → features [B, taps, tokens, R]; tokens are CLS, patches, then prompts."""

    def __init__(self, tuned: TunedModel, prompts: Prompts) -> None:
        super().__init__()
        self.vlsm = tuned.vlsm
        self.prompts: Tensor | None
        self.register_buffer("prompts", prompts.image)

    def forward(self, pixel_values: Tensor) -> Tensor:
        return torch.stack(self.vlsm.encode_image(pixel_values, self.prompts).taps, dim=1)


class MaskGraph(nn.Module):
    """features [N, taps, tokens, R] and embedding [N, D], rows that pair up → logits float32 [N, 1, S, S]."""

    def __init__(self, tuned: TunedModel, num_prompts: int) -> None:
        super().__init__()
        self.tuned = tuned
        self.num_prompts = num_prompts

    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        image = ImageFeatures(taps=features.unbind(dim=1), pooled=None, prompts=self.num_prompts)
        return self.tuned.answer(image, TextFeatures(embedding))
