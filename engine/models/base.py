"""What a vision-language segmentation model (VLSM) offers: two encoders, a decoder, and sites for prompts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from engine.models.sites import PromptSites
from engine.models.text_sites import Place

Attention = Literal["sdpa", "eager"]
"""torch's fused attention, or three plain operations, as the published code has it."""


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """An encoded batch of images.

    `taps`: what the decoder reads, in its order, each (B, 1 + patches + n, reduced width), already reduced, so that
    they can be kept and asked again; `VLSM.tower` gives them as the tower leaves them, for `VLSM.reduce`. `pooled`
    (B, joint width) where it was asked for. `prompts` is n. `labels`: where each image was encoded once for each label,
    how many there are; rows then are pairs, images first.
    """

    taps: tuple[Tensor, ...]
    pooled: Tensor | None = None
    prompts: int = 0
    labels: int = 0

    def __len__(self) -> int:
        return int(self.taps[0].shape[0])

    def rows(self, index: Tensor) -> ImageFeatures:
        """The images at `index` (N,), in that order, repeats allowed."""
        pooled = None if self.pooled is None else self.pooled[index]
        return replace(self, taps=tuple(tap[index] for tap in self.taps), pooled=pooled)


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Encoded phrases: `embedding` (N, joint width); `tokens` (N, T, text width) and `mask` (N, T) where a decoder
    reads words."""

    embedding: Tensor
    tokens: Tensor | None = None
    mask: Tensor | None = None

    def __len__(self) -> int:
        return int(self.embedding.shape[0])

    def rows(self, index: Tensor) -> TextFeatures:
        """The phrases at `index` (N,), in that order, repeats allowed."""
        tokens = None if self.tokens is None else self.tokens[index]
        mask = None if self.mask is None else self.mask[index]
        return TextFeatures(self.embedding[index], tokens, mask)

    @classmethod
    def joined(cls, parts: Sequence[TextFeatures]) -> TextFeatures:
        """One after the other; all with words of the same length, or without."""
        tokens = [part.tokens for part in parts if part.tokens is not None]
        masks = [part.mask for part in parts if part.mask is not None]
        return cls(
            torch.cat([part.embedding for part in parts]),
            torch.cat(tokens) if tokens else None,
            torch.cat(masks) if masks else None,
        )


@dataclass(frozen=True, slots=True)
class Decoded:
    """`logits` (N, 1, S, S) and the last map of the decoder (N, map width, h, w), where an upsampler may branch off."""

    logits: Tensor
    map: Tensor


class VLSM(nn.Module, ABC):
    """A frozen or learning network behind one interface for every strategy."""

    checkpointing: bool = False
    """Blocks of the image tower compute their inner values again on the way back: less memory, about a third slower."""

    @property
    @abstractmethod
    def sites(self) -> PromptSites: ...

    def encode_image(self, images: Tensor, prompts: Tensor | None = None, *, pooled: bool = False) -> ImageFeatures:
        """`images` (B, 3, S, S), normalised. Without `pooled` the tower stops after its last tapped block."""
        return self.reduce(self.tower(images, prompts, pooled=pooled))

    @abstractmethod
    def tower(self, images: Tensor, prompts: Tensor | None = None, *, pooled: bool = False) -> ImageFeatures:
        """The first part of `encode_image`, which belongs to the image encoder: taps as the tower gives them."""

    @abstractmethod
    def reduce(self, features: ImageFeatures) -> ImageFeatures:
        """The second part of `encode_image`, which belongs to the decoder and looks at no phrase."""

    def attend(self, attention: Attention) -> None:
        """Chooses how attention is computed, where the network leaves a choice; the numbers are the same to 1e-5."""
        del attention

    @abstractmethod
    def encode_text(
        self, ids: Tensor, mask: Tensor, prompts: Tensor | None = None, place: Place = "end"
    ) -> TextFeatures:
        """`ids` and `mask` (N, T), right-padded. `place`: where the words stand, seen from the prompts (text_sites)."""

    @abstractmethod
    def decode(self, image: ImageFeatures, text: TextFeatures) -> Decoded:
        """Row i of `image` is asked row i of `text`."""

    @abstractmethod
    def embed_words(self, ids: Tensor) -> Tensor:
        """Token embeddings (T, text width) of ids (T,): what contexts may start from."""

    @abstractmethod
    def last_layer(self) -> nn.Module:
        """The last layer before the logits, which a strategy may also train."""

    @abstractmethod
    def decoder_parts(self) -> list[nn.Module]:
        """Everything after the two encoders: what reads their features and makes the mask."""

    def freeze(self) -> None:
        """Nothing learns; dropout and batch statistics are off."""
        self.eval()
        for parameter in self.parameters():
            parameter.requires_grad_(False)


def grid_rows(images: int, phrases: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Row indices that ask every image every phrase, images first: two tensors (images · phrases,)."""
    image = torch.arange(images, device=device).repeat_interleave(phrases)
    phrase = torch.arange(phrases, device=device).repeat(images)
    return image, phrase
