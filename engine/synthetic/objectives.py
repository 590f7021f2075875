"""Helper tasks that make pictures and phrases readable early, and the figures of the progress line."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.synthetic.batches import CELL, UNSAID, Batch
from engine.synthetic.network import PATCH_SIZE
from engine.synthetic.words import COLOURS, HELD_OUT_PAIRS, POSITIONS, SHAPES, SIZES, TEXTURES

_CELL_KINDS: Final = (len(SHAPES), len(COLOURS), len(TEXTURES), len(SIZES))
_SAID_KINDS: Final = tuple(n + 1 for n in (*_CELL_KINDS, len(POSITIONS)))  # the last of each: not named


class HelperTasks(nn.Module):
    """Linear readings of the last tap, of the picture's vector and of the phrase's vector; thrown away afterwards."""

    held_out: Tensor

    def __init__(self, width: int, projection: int) -> None:
        super().__init__()
        self._across = PATCH_SIZE // CELL
        self.cells = nn.Linear(width, (sum(_CELL_KINDS) + 1) * self._across**2)
        self.picture = nn.Linear(projection, len(SHAPES) * len(COLOURS))
        self.phrase = nn.Linear(projection, sum(_SAID_KINDS))
        held_out = torch.zeros(len(COLOURS), len(SHAPES), dtype=torch.bool)
        for colour, shape in HELD_OUT_PAIRS:
            held_out[colour, shape] = True
        # Never counted: their absence from training must not be learned.
        self.register_buffer("held_out", held_out.flatten(), persistent=False)

    def forward(self, places: Tensor, picture: Tensor, phrases: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of patches (n, patches, width), pictures (n, projection), phrases (n * p, projection)."""
        return {
            "cells": self._cells_loss(places, batch),
            "picture": self._picture_loss(picture, batch),
            "phrase": self._phrase_loss(phrases, batch.said),
        }

    def _cells_loss(self, places: Tensor, batch: Batch) -> Tensor:
        count, patches, _ = places.shape
        side, across = round(patches**0.5), self._across
        read = self.cells(places).view(count, side, side, across, across, -1)
        read = read.permute(0, 1, 3, 2, 4, 5).reshape(-1, sum(_CELL_KINDS) + 1)
        loss = F.binary_cross_entropy_with_logits(read[:, -1], batch.objectness.flatten())
        shown = batch.cells.permute(0, 2, 3, 1).reshape(-1, len(_CELL_KINDS))
        on_object = shown[:, 0] != UNSAID
        if bool(on_object.any()):
            readings = read[on_object, :-1].split(_CELL_KINDS, dim=1)
            for kind, reading in enumerate(readings):
                loss = loss + F.cross_entropy(reading, shown[on_object, kind])
        return loss

    def _picture_loss(self, picture: Tensor, batch: Batch) -> Tensor:
        """Which pairs of colour and shape the picture shows: only an encoder that binds the two can tell."""
        shape, colour = batch.cells[:, 0].flatten(1), batch.cells[:, 1].flatten(1)
        pairs = torch.where(shape == UNSAID, len(SHAPES) * len(COLOURS), colour * len(SHAPES) + shape)
        shown = torch.zeros(len(picture), len(SHAPES) * len(COLOURS) + 1).scatter_(1, pairs, 1.0)[:, :-1]
        loss = F.binary_cross_entropy_with_logits(self.picture(picture), shown, reduction="none")
        return loss[:, ~self.held_out].sum(dim=1).mean()

    def _phrase_loss(self, phrases: Tensor, said: Tensor) -> Tensor:
        readings = self.phrase(phrases).split(_SAID_KINDS, dim=1)
        losses = [F.cross_entropy(reading, said[:, kind]) for kind, reading in enumerate(readings)]
        return torch.stack(losses).sum()


@torch.no_grad()
def batch_figures(logits: Tensor, masks: Tensor) -> dict[str, float]:
    """Return the Dice where something is named and the share of empty answers where nothing is."""
    marked = logits > 0
    area, truth = marked.sum(dim=(2, 3)), masks.sum(dim=(2, 3))
    dice = 2 * (marked & masks).sum(dim=(2, 3)) / (area + truth).clamp(min=1)
    named = truth > 0
    pixels = masks.shape[2] * masks.shape[3]
    figures = {"dice": float(dice[named].mean())}
    if not bool(named.all()):
        figures["empty"] = float((area[~named] < 0.003 * pixels).float().mean())
    return figures
