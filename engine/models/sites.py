"""Prompt sites: where a model accepts learned tokens, and how wide and deep they may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromptSites:
    """What a model accepts.

    Text prompts are tensors (depth, n, text_width), or (depth, N, n, text_width) with one set per phrase; image
    prompts (depth, n, image_width), or (depth, B, n, image_width) with one set per image. Row k enters block k
    (counted from 0). `image_width` is None where the image tower has no token sequence (a ResNet).
    """

    text_width: int
    text_layers: int
    text_positions: int
    image_width: int | None
    image_layers: int
    joint_width: int
    map_width: int
    patch_size: int
    image_size: int
    taps: tuple[int, ...] = ()
    """Blocks (counted from 1) whose outputs the decoder reads."""
    branch_width: int | None = None
    """Channels that a learned upsampler first brings the decoder's map down to; None: it reads the map as it is."""
    model: str = "this model"
    """The network's name, for messages."""
