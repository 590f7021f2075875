"""CRIS (Wang et al., CVPR 2022) behind the interface of every model, with text sites for prompts.

Prompts enter as in TuneVLSeg (arXiv 2410.05239): contexts after the first token, before positions are added; the
decoder reads them as further words. The image tower is a ResNet: it has no tokens, and takes no prompts.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from engine.contract.errors import IncompatiblePair
from engine.models.base import VLSM, Decoded, ImageFeatures, TextFeatures
from engine.models.cris.config import CrisConfig
from engine.models.cris.model import CrisNetwork, enlarge
from engine.models.sites import PromptSites
from engine.models.text_sites import Place, insert, replace


class Cris(VLSM):
    """CrisNetwork behind the interface of every model."""

    def __init__(self, network: CrisNetwork) -> None:
        super().__init__()
        self.network = network
        config = network.config
        self._sites = PromptSites(
            text_width=config.text_width,
            text_layers=config.text_layers,
            text_positions=config.text_positions,
            image_width=None,
            image_layers=0,
            joint_width=config.joint_width,
            map_width=config.decoder_width,
            patch_size=16,
            image_size=config.image_size,
            branch_width=64,
            model="CRIS",
        )

    @property
    def config(self) -> CrisConfig:
        return self.network.config

    @property
    def sites(self) -> PromptSites:
        return self._sites

    def embed_words(self, ids: Tensor) -> Tensor:
        embedded: Tensor = self.network.backbone.token_embedding(ids)
        return embedded

    def last_layer(self) -> nn.Module:
        return nn.ModuleList([self.network.proj.txt, self.network.proj.vis[-1]])

    def decoder_parts(self) -> list[nn.Module]:
        return [self.network.neck, self.network.decoder, self.network.proj]

    def tower(self, images: Tensor, prompts: Tensor | None = None, *, pooled: bool = False) -> ImageFeatures:
        if prompts is not None:
            raise IncompatiblePair(
                "CRIS has a ResNet image tower and takes no image prompts.",
                hint="Choose CoOp or CoCoOp.",
                field="strategy.name",
            )
        maps = self.network.backbone.visual(images, again=self.checkpointing)
        return ImageFeatures(maps, maps[-1].mean(dim=(2, 3)) if pooled else None)

    def reduce(self, features: ImageFeatures) -> ImageFeatures:
        return dataclasses.replace(features, taps=self.network.neck.laterals(*features.taps))

    def encode_text(
        self, ids: Tensor, mask: Tensor, prompts: Tensor | None = None, place: Place = "end"
    ) -> TextFeatures:
        backbone = self.network.backbone
        words = backbone.token_embedding(ids)
        end = self._end_of_phrase(ids)
        rows = None if prompts is None else _per_item(prompts, ids.shape[0])
        placed = None
        if rows is not None:
            placed = insert(words, mask, end, rows[0], self._sites.text_positions, place)
            words, mask, end = placed.embeddings, placed.mask, placed.end
        hidden = words + backbone.positional_embedding[: words.shape[1]]
        seen = _causal(mask)
        for number, block in enumerate(backbone.transformer.resblocks, start=1):
            hidden = block(hidden, seen)
            if rows is not None and placed is not None and number < len(rows):
                hidden = replace(hidden, rows[number], placed.positions)
        hidden = backbone.ln_final(hidden)
        state = hidden[torch.arange(ids.shape[0], device=ids.device), end] @ backbone.text_projection
        return TextFeatures(state, hidden, mask)

    def _end_of_phrase(self, ids: Tensor) -> Tensor:
        if self.config.eos_token_id is None:
            return ids.argmax(dim=-1)
        return (ids == self.config.eos_token_id).int().argmax(dim=-1)

    def decode(self, image: ImageFeatures, text: TextFeatures) -> Decoded:
        assert text.tokens is not None
        grid = self.network.neck(image.taps, text.embedding)
        grid = self.network.decoder(grid, text.tokens, text.mask)
        logits = self.network.proj(grid, text.embedding)
        return Decoded(enlarge(logits, self.config.image_size), grid)


def _per_item(prompts: Tensor, items: int) -> Tensor:
    """(depth, n, width) or (depth, items, n, width) → (depth, items, n, width)."""
    return prompts[:, None].expand(-1, items, -1, -1) if prompts.ndim == 3 else prompts


def _causal(mask: Tensor) -> Tensor:
    """(N, T) padding mask → boolean (N, 1, T, T): which keys a query may see."""
    length = mask.shape[1]
    before = torch.ones(length, length, dtype=torch.bool, device=mask.device).tril()
    return before[None, None] & mask.bool()[:, None, None, :]
