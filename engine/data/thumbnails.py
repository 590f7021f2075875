"""Small pictures of cases with their masks drawn on them, for the Data page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.contract.whole_file import write_bytes
from engine.data.labels import LabelTable
from engine.data.slices import SlicedCase

SIDE = 160
"""Longest side of a thumbnail in pixels."""

_FILL = 0.35


@dataclass(frozen=True)
class Sketch:
    """A slice at thumbnail size, uint8 [h, w, 3], and its label values: colours wait until all files were seen."""

    picture: NDArray[np.uint8]
    layers: tuple[NDArray[Any], ...]


def sketch(sliced: SlicedCase, index: int, picture: NDArray[np.uint8]) -> Sketch:
    """Shrinks one slice (`picture` uint8 [h, w, 3]) and its masks so that the longest side is at most SIDE."""
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small_h, small_w = max(1, round(height * scale)), max(1, round(width * scale))
    small = np.asarray(Image.fromarray(picture).resize((small_w, small_h), Image.Resampling.BILINEAR))
    rows = ((np.arange(small_h) + 0.5) * (height / small_h)).astype(np.intp)
    columns = ((np.arange(small_w) + 0.5) * (width / small_w)).astype(np.intp)
    return Sketch(small, tuple(layer[index][np.ix_(rows, columns)] for layer in sliced.layers))


def draw(found: Sketch, table: LabelTable) -> Image.Image:
    """The picture with every label filled lightly and outlined in its colour."""
    canvas = found.picture.astype(np.float32)
    truth = np.zeros((len(table), *canvas.shape[:2]), dtype=np.uint8)
    for layer in found.layers:
        truth |= table.channels(layer)
    for label, marked in zip(table.labels, truth.astype(bool), strict=True):
        colour = np.array([int(label.colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32)
        canvas[marked] = canvas[marked] * (1 - _FILL) + colour * _FILL
        canvas[_outline(marked)] = colour
    return Image.fromarray(canvas.round().clip(0, 255).astype(np.uint8))


def save(found: Sketch, table: LabelTable, folder: Path, number: int) -> str:
    """Writes the thumbnail as `NNNN.png`, whole or not at all; returns the file's name (it tells nothing of the case).

    Raises DiskFull or InputError where it cannot be written.
    """
    buffer = io.BytesIO()
    draw(found, table).save(buffer, format="PNG")
    name = f"{number:04d}.png"
    write_bytes(folder / name, buffer.getvalue())
    return name


def _outline(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Marked pixels with an unmarked one above, below, left or right; the picture's border counts as unmarked."""
    padded = np.pad(marked, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return marked & ~inside
