"""The kinds of starter that can be pretrained: how each sees a picture, reads a phrase and answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import torch
from torch import Tensor, nn
from transformers import CLIPSegForImageSegmentation

from engine.models.base import ImageFeatures, TextFeatures, grid_rows
from engine.models.cris_vlsm import Cris
from engine.synthetic import cris_network
from engine.synthetic import network as clipseg_network
from engine.synthetic.network import normalise


@dataclass(frozen=True, slots=True)
class Seen:
    """Pictures as a network sees them: what its decoder reads, and what the helper tasks read.

    `places` (n, side · side, helper width): a late map of patches of 16 pixels; `picture` (n, projection).
    """

    features: ImageFeatures
    places: Tensor
    picture: Tensor


class Starter(ABC):
    """A small network with the calls that pretraining and its measures need."""

    kind: ClassVar[str]
    network: nn.Module
    helper_width: int
    projection: int
    image_size: int

    @abstractmethod
    def see(self, images: Tensor) -> Seen:
        """uint8 images (n, side, side, 3) → what the network makes of them."""

    @abstractmethod
    def features(self, images: Tensor) -> ImageFeatures:
        """As `see`, only what the decoder needs."""

    @abstractmethod
    def read(self, ids: Tensor, mask: Tensor) -> TextFeatures:
        """Token ids and mask (n, length) → phrases."""

    @abstractmethod
    def decode(self, features: ImageFeatures, text: TextFeatures) -> Tensor:
        """n images, each asked as many phrases as `text` holds for each, image by image → (n, phrases, side, side)."""

    @abstractmethod
    def learns_by_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """Whether Muon learns this parameter rather than AdamW."""


class ClipSegStarter(Starter):
    """The CLIPSeg architecture, from nothing."""

    kind = "clipseg"

    def __init__(self, network: CLIPSegForImageSegmentation) -> None:
        self.network: CLIPSegForImageSegmentation = network
        self.helper_width = network.config.vision_config.hidden_size
        self.projection = network.config.projection_dim
        self.image_size = network.config.vision_config.image_size

    def see(self, images: Tensor) -> Seen:
        vision = self.network.clip.vision_model(pixel_values=normalise(images), output_hidden_states=True)
        taps = tuple(vision.hidden_states[layer + 1] for layer in self.network.config.extract_layers)
        picture = self.network.clip.visual_projection(vision.pooler_output)
        return Seen(ImageFeatures(taps), taps[-1][:, 1:], picture)

    def features(self, images: Tensor) -> ImageFeatures:
        return ImageFeatures(clipseg_network.encode_images(self.network, normalise(images)))

    def read(self, ids: Tensor, mask: Tensor) -> TextFeatures:
        return TextFeatures(clipseg_network.encode_text(self.network, ids, mask))

    def decode(self, features: ImageFeatures, text: TextFeatures) -> Tensor:
        conditions = text.embedding.view(len(features), -1, self.projection)
        return clipseg_network.decode(self.network, features.taps, conditions)

    def learns_by_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        return parameter.ndim == 2 and ("encoder.layers" in name or "decoder.layers" in name)


class CrisStarter(Starter):
    """The CRIS architecture."""

    kind = "cris"

    def __init__(self, model: Cris) -> None:
        self.model: Cris = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: nn.Module = model.network
        self.helper_width = model.config.tower_widths[2]
        self.projection = model.config.joint_width
        self.image_size = model.config.image_size

    def see(self, images: Tensor) -> Seen:
        network = self.model.network
        maps = network.backbone.visual(normalise(images).contiguous(memory_format=torch.channels_last))
        features = ImageFeatures(network.neck.laterals(*maps))
        return Seen(features, maps[1].flatten(2).transpose(1, 2), maps[2].mean(dim=(2, 3)))

    def features(self, images: Tensor) -> ImageFeatures:
        return self.model.encode_image(normalise(images))

    def read(self, ids: Tensor, mask: Tensor) -> TextFeatures:
        return self.model.encode_text(ids, mask)

    def decode(self, features: ImageFeatures, text: TextFeatures) -> Tensor:
        count = len(features)
        rows, _ = grid_rows(count, len(text) // count, text.embedding.device)
        logits = self.model.decode(features.rows(rows), text).logits
        return logits.view(count, -1, *logits.shape[-2:])

    def learns_by_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        # The attention pool's square matrices are too wide to be orthogonalised at every step.
        in_block = "resblocks" in name or "decoder.layers" in name
        return (parameter.ndim == 2 and in_block) or (parameter.ndim == 4 and name != "backbone.visual.conv1.weight")


KINDS: Final = {"clipseg": clipseg_network.IMAGE_SIZE, "cris": cris_network.IMAGE_SIZE}
"""Every kind, and the side of its images in pixels."""


def build_starter(kind: str, vocabulary: int, seed: int = 0) -> Starter:
    """An untrained network of this kind; CRIS begins with the text tower of the shipped starter."""
    if kind == "clipseg":
        return ClipSegStarter(clipseg_network.build_network(vocabulary, seed))
    return CrisStarter(cris_network.build_cris(vocabulary, seed))


def pad_words(parts: list[TextFeatures]) -> TextFeatures:
    """One after the other; where a decoder reads words, to the longest phrase's length."""
    embedding = torch.cat([part.embedding for part in parts])
    longest = max((part.tokens.shape[1] for part in parts if part.tokens is not None), default=0)
    tokens, masks = [], []
    for part in parts:
        if part.tokens is None or part.mask is None:
            return TextFeatures(embedding)
        short = longest - part.tokens.shape[1]
        tokens.append(torch.nn.functional.pad(part.tokens, (0, 0, 0, short)))
        masks.append(torch.nn.functional.pad(part.mask, (0, short)))
    return TextFeatures(embedding, torch.cat(tokens), torch.cat(masks))


def open_starter(folder: Path) -> Starter:
    """The network of a model folder, in fp32."""
    from engine.models.networks.cris import CrisFolder

    if CrisFolder.recognises(folder):
        return CrisStarter(CrisFolder.load(folder))
    return ClipSegStarter(CLIPSegForImageSegmentation.from_pretrained(folder, dtype=torch.float32))
