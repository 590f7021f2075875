"""CLIPSeg (Lüddecke and Ecker, CVPR 2022) round the sub-modules of transformers, with sites for prompts.

The stock forward runs both encoders without gradients, so the blocks are called one by one here. Prompts enter as in
TuneVLSeg (arXiv 2410.05239): text contexts after the first token, before positions are added; image tokens at the end
of the sequence, before the first layer norm; deeper rows overwrite the tokens between blocks.
"""

from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from transformers import CLIPSegForImageSegmentation

from engine.models.base import VLSM, Attention, Decoded, ImageFeatures, TextFeatures
from engine.models.checkpointing import through
from engine.models.frozen_mlp import FrozenMlp
from engine.models.quick_gelu import QuickGelu
from engine.models.sites import PromptSites
from engine.models.text_sites import Place, insert, replace

LEGACY_EOS = 2
"""Checkpoints of 2022 name this id by mistake; the end of a phrase is then its largest id."""


class ClipSeg(VLSM):
    """CLIPSegForImageSegmentation behind the interface of every model.

    Batches are counted by `shape[0]`, never by `len()`: an exporter takes the latter for a constant.
    """

    def __init__(self, network: CLIPSegForImageSegmentation) -> None:
        super().__init__()
        self.network = network
        config = network.config
        vision, text = config.vision_config, config.text_config
        self._sites = PromptSites(
            text_width=text.hidden_size,
            text_layers=text.num_hidden_layers,
            text_positions=text.max_position_embeddings,
            image_width=vision.hidden_size,
            image_layers=vision.num_hidden_layers,
            joint_width=config.projection_dim,
            map_width=config.reduce_dim,
            patch_size=vision.patch_size,
            image_size=vision.image_size,
            taps=tuple(index + 1 for index in config.extract_layers),
            model="CLIPSeg",
        )
        self._eos = int(text.eos_token_id)
        self._conditional_layer = int(config.conditional_layer)
        self._eager = config._attn_implementation == "eager"
        for tower in (network.clip.vision_model, network.clip.text_model):
            if tower.config.hidden_act == "quick_gelu":
                for layer in tower.encoder.layers:
                    layer.mlp.activation_fn = QuickGelu()
        for layer in network.decoder.layers:  # whose activation is always a ReLU
            layer.mlp = FrozenMlp(layer.mlp.fc1, layer.mlp.fc2)

    @property
    def sites(self) -> PromptSites:
        return self._sites

    def embed_words(self, ids: Tensor) -> Tensor:
        embedded: Tensor = self.network.clip.text_model.embeddings.token_embedding(ids)
        return embedded

    def last_layer(self) -> nn.Module:
        head = self.network.decoder.transposed_convolution
        return head[-1] if isinstance(head, nn.Sequential) else head

    def decoder_parts(self) -> list[nn.Module]:
        return [self.network.decoder]

    def attend(self, attention: Attention) -> None:
        self._eager = attention == "eager"
        for module in self.network.modules():
            # Towers, decoder and blocks hold configs of their own.
            if hasattr(module, "config"):
                module.config._attn_implementation = attention

    def tower(self, images: Tensor, prompts: Tensor | None = None, *, pooled: bool = False) -> ImageFeatures:
        tower = self.network.clip.vision_model
        hidden = tower.embeddings(images)
        count = 0
        if prompts is not None:
            rows = _per_item(prompts, images.shape[0])
            count = rows.shape[2]
            hidden = torch.cat([hidden, rows[0]], dim=1)
        hidden = tower.pre_layrnorm(hidden)
        taps = []
        last = len(tower.encoder.layers) if pooled else max(self._sites.taps)
        for block in range(1, last + 1):
            hidden = through(tower.encoder.layers[block - 1], hidden, None, again=self.checkpointing)
            if prompts is not None and block < len(rows):
                # Before the tap is read, as published: a tap below the prompt depth holds the replacements.
                hidden = torch.cat([hidden[:, :-count], rows[block]], dim=1)
            if block in self._sites.taps:
                taps.append(hidden)
        taps.reverse()
        if not pooled:
            return ImageFeatures(tuple(taps), None, count)
        summary = self.network.clip.visual_projection(tower.post_layernorm(hidden[:, 0]))
        return ImageFeatures(tuple(taps), summary, count)

    def reduce(self, features: ImageFeatures) -> ImageFeatures:
        reduces = self.network.decoder.reduces
        taps = tuple(layer(tap) for layer, tap in zip(reduces, features.taps, strict=True))
        return dataclasses.replace(features, taps=taps)

    def encode_text(
        self, ids: Tensor, mask: Tensor, prompts: Tensor | None = None, place: Place = "end"
    ) -> TextFeatures:
        tower = self.network.clip.text_model
        words = tower.embeddings.token_embedding(ids)
        end = self._end_of_phrase(ids)
        rows = None if prompts is None else _per_item(prompts, ids.shape[0])
        placed = None
        if rows is not None:
            placed = insert(words, mask, end, rows[0], self._sites.text_positions, place)
            words, mask, end = placed.embeddings, placed.mask, placed.end
        hidden = words + tower.embeddings.position_embedding.weight[: words.shape[1]]
        seen = _causal(mask)
        if self._eager:  # adds what SDPA asks
            seen = torch.zeros_like(seen, dtype=hidden.dtype).masked_fill(~seen, torch.finfo(hidden.dtype).min)
        for block, layer in enumerate(tower.encoder.layers, start=1):
            hidden = layer(hidden, attention_mask=seen)
            if rows is not None and placed is not None and block < len(rows):
                hidden = replace(hidden, rows[block], placed.positions)
        hidden = tower.final_layer_norm(hidden)
        summary = hidden[torch.arange(ids.shape[0], device=ids.device), end]
        return TextFeatures(self.network.clip.text_projection(summary))

    def _end_of_phrase(self, ids: Tensor) -> Tensor:
        if self._eos == LEGACY_EOS:
            return ids.argmax(dim=-1)
        return (ids == self._eos).int().argmax(dim=-1)

    def decode(self, image: ImageFeatures, text: TextFeatures) -> Decoded:
        decoder = self.network.decoder
        hidden: Tensor | None = None
        for index, (tap, layer) in enumerate(zip(image.taps, decoder.layers, strict=True)):
            hidden = tap if hidden is None else tap + hidden
            if index == self._conditional_layer:
                scale, shift = decoder.film_mul(text.embedding), decoder.film_add(text.embedding)
                hidden = scale[:, None] * hidden + shift[:, None]
            hidden = layer(hidden, attention_mask=None)
        assert hidden is not None
        patches = hidden[:, 1 : hidden.shape[1] - image.prompts]
        side = round(patches.shape[1] ** 0.5)
        grid = patches.transpose(1, 2).reshape(patches.shape[0], -1, side, side)
        logits = decoder.transposed_convolution(grid)
        size = side * self._sites.patch_size
        if logits.shape[-1] != size:
            # Patch sizes that are no multiple of 16 leave the two-step head short of the image.
            logits = functional.interpolate(logits, size=(size, size), mode="bilinear", align_corners=False)
        return Decoded(logits, grid)


def _per_item(prompts: Tensor, items: int) -> Tensor:
    """(depth, n, width) or (depth, items, n, width) → (depth, items, n, width)."""
    return prompts[:, None].expand(-1, items, -1, -1) if prompts.ndim == 3 else prompts


def _causal(mask: Tensor) -> Tensor:
    """(N, T) padding mask → boolean (N, 1, T, T): which keys a query may see."""
    length = mask.shape[1]
    before = torch.ones(length, length, dtype=torch.bool, device=mask.device).tril()
    seen = before[None, None] & mask.bool()[:, None, None, :]
    # A padded query would see nothing at all, which is not a number; its own key does no harm.
    return seen | torch.eye(length, dtype=torch.bool, device=mask.device)[None, None]
