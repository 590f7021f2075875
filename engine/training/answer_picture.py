"""One slice with its truth outlined and an answer filled in, at the size that a person sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.dataset import OriginalSlice
from engine.training.preview import OPACITY, outline
from engine.volumes.preprocess import Preprocess, probability_to_slice, to_uint8_rgb

SIDE = 384
"""Pixels along the longer side of a picture."""


def answer_picture(
    original: OriginalSlice,
    probabilities: NDArray[np.float32],
    preprocess: Preprocess,
    colours: list[str],
    threshold: float = 0.5,
) -> NDArray[np.uint8]:
    """`probabilities` (L, S, S) at model size → picture (h, w, 3) whose longer side is SIDE.

    Labels whose truth is not known are left out; later labels lie over earlier ones.
    """
    image = to_uint8_rgb(original.image, preprocess, original.levels)
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    picture = np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR)).astype(np.float32)
    rows, columns = (
        (np.arange(new) * (old / new)).astype(np.intp) for new, old in zip(size, (height, width), strict=True)
    )
    present = original.present
    for at, colour in enumerate(colours):
        if present is not None and not present[at]:
            continue
        rgb = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)], np.float32)
        answer = probability_to_slice(probabilities[at], (height, width)) >= threshold
        inside = answer[rows][:, columns]
        picture[inside] = (1 - OPACITY) * picture[inside] + OPACITY * rgb
        # White within the label's colour: seen on any ground, filled or not.
        truth = original.masks[at][rows][:, columns] > 0
        edge = outline(truth)
        picture[edge] = rgb
        picture[edge & ~_eroded(truth)] = 255.0
    return picture.round().astype(np.uint8)


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(mask, 1)
    inner: NDArray[np.bool_] = mask & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inner
