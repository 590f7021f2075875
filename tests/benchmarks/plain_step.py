"""A tuning step in the published manner, on stock modules of transformers: what `tuning.py` compares with.

The image tower runs in every step, all of its blocks for CoOp and CoCoOp, up to the last tapped one where prompts
enter it; attention is eager; each image's text is encoded for itself, padded to the longest of the batch; fp32. The
learner is ours (a few thousand numbers): it gives the same prompts to both.
"""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import CLIPSegForImageSegmentation

from engine.strategies.base import Prompts


class PlainModel:
    """`network` attends eagerly; nothing of it learns."""

    def __init__(self, network: CLIPSegForImageSegmentation) -> None:
        self.network = network
        config = network.config
        self.taps = [index + 1 for index in config.extract_layers]
        self.legacy_end = config.text_config.eos_token_id == 2
        self.end_id = config.text_config.eos_token_id

    def seen(self, pixels: Tensor) -> tuple[list[Tensor], Tensor]:
        """The frozen tower as a whole: tapped states and the pooled feature, without gradients."""
        with torch.no_grad():
            found = self.network.clip.vision_model(pixels, output_hidden_states=True)
            pooled = self.network.clip.visual_projection(found.pooler_output)
        return [found.hidden_states[tap] for tap in self.taps], pooled

    def seen_with(self, pixels: Tensor, prompts: Tensor) -> list[Tensor]:
        """The tower up to its last tap with prompts (depth, n, width) beside the patches."""
        tower = self.network.clip.vision_model
        depth, count = prompts.shape[:2]
        rows = prompts[:, None].expand(-1, len(pixels), -1, -1)
        hidden = tower.pre_layrnorm(torch.cat([tower.embeddings(pixels), rows[0]], dim=1))
        taps = []
        for block in range(1, max(self.taps) + 1):
            hidden = tower.encoder.layers[block - 1](hidden, None)
            if block < depth:
                hidden = torch.cat([hidden[:, :-count], rows[block]], dim=1)
            if block in self.taps:
                taps.append(hidden)
        return taps

    def said(self, ids: Tensor, mask: Tensor, prompts: Tensor | None) -> Tensor:
        """(B, T) → conditional embeddings (B, joint width); prompts (depth, [B,] n, width) after the first token."""
        tower = self.network.clip.text_model
        if prompts is None:
            with torch.no_grad():
                found = tower(input_ids=ids, attention_mask=mask)
                projected: Tensor = self.network.clip.text_projection(found.pooler_output)
                return projected
        rows = prompts[:, None].expand(-1, len(ids), -1, -1) if prompts.ndim == 3 else prompts
        depth, count = rows.shape[0], rows.shape[2]
        words = tower.embeddings.token_embedding(ids)
        words = torch.cat([words[:, :1], rows[0], words[:, 1:]], dim=1)
        length = words.shape[1]
        hidden = words + tower.embeddings.position_embedding.weight[:length]
        wide = torch.cat([mask.new_ones(len(ids), count), mask], dim=1).bool()
        allowed = torch.ones(length, length, dtype=torch.bool).tril()[None, None] & wide[:, None, None, :]
        allowed = allowed | torch.eye(length, dtype=torch.bool)[None, None]
        added = torch.zeros(allowed.shape).masked_fill(~allowed, torch.finfo(torch.float32).min)
        for block, layer in enumerate(tower.encoder.layers, start=1):
            hidden = layer(hidden, added)
            if block < depth:
                hidden = torch.cat([hidden[:, :1], rows[block], hidden[:, 1 + count :]], dim=1)
        hidden = tower.final_layer_norm(hidden)
        end = ids.argmax(dim=1) if self.legacy_end else (ids == self.end_id).int().argmax(dim=1)
        summary = hidden[torch.arange(len(ids)), end + count]
        found_text: Tensor = self.network.clip.text_projection(summary)
        return found_text

    def answer(self, taps: list[Tensor], condition: Tensor, count: int) -> Tensor:
        """(B, 1, S, S); the decoder of transformers, block by block where prompts must be dropped behind it."""
        decoder = self.network.decoder
        if not count:
            logits: Tensor = decoder(taps, condition).logits
            return logits.view(len(condition), 1, *logits.shape[-2:])
        hidden: Tensor | None = None
        for index, (tap, layer, reduce) in enumerate(zip(taps[::-1], decoder.layers, decoder.reduces, strict=True)):
            hidden = reduce(tap) if hidden is None else reduce(tap) + hidden
            if index == decoder.conditional_layer:
                hidden = decoder.film_mul(condition)[:, None] * hidden + decoder.film_add(condition)[:, None]
            hidden = layer(hidden, None)
        assert hidden is not None
        patches = hidden[:, 1:-count].transpose(1, 2)
        side = int(patches.shape[2] ** 0.5)
        found: Tensor = decoder.transposed_convolution(patches.reshape(len(patches), -1, side, side))
        return found

    def logits(self, pixels: Tensor, ids: Tensor, mask: Tensor, learner: torch.nn.Module) -> Tensor:
        """(B, 3, S, S) and a text for each image → (B, 1, S, S)."""
        if learner.needs_pooled:
            taps, pooled = self.seen(pixels)
            prompts: Prompts = learner(pooled, None)
        else:
            prompts = learner(None, None)
            taps = self.seen(pixels)[0] if prompts.image is None else self.seen_with(pixels, prompts.image)
        count = 0 if prompts.image is None else prompts.image.shape[1]
        return self.answer(taps, self.said(ids, mask, prompts.text), count)
