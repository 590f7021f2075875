"""A second, plain drawing of the same words, for evaluation only: does the model know the words or one drawing?

Nothing here shares code with the scenes that the model is trained on, and training never sees it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.synthetic.scenes import Objects
from engine.synthetic.words import COLOURS, SHAPES, is_held_out

_CSS: Final = {
    "red": (230, 25, 25), "orange": (255, 140, 0), "yellow": (250, 230, 30), "green": (30, 150, 40),
    "cyan": (30, 210, 220), "blue": (30, 50, 220), "purple": (130, 40, 170), "pink": (255, 130, 180),
    "brown": (120, 70, 25), "white": (252, 252, 252), "gray": (130, 130, 130), "black": (10, 10, 10),
}  # fmt: skip
_BACKDROPS: Final = ((200, 200, 190), (60, 70, 80), (170, 190, 160), (90, 60, 60), (225, 215, 240), (160, 170, 190))
Corners = list[tuple[float, float]]


def _around(x: float, y: float, radii: list[float], start: float = -90.0) -> Corners:
    step = 360.0 / len(radii)
    return [
        (x + r * math.cos(math.radians(start + i * step)), y + r * math.sin(math.radians(start + i * step)))
        for i, r in enumerate(radii)
    ]


def _round(pen: ImageDraw.ImageDraw, x: float, y: float, wide: float, high: float, value: int) -> None:
    pen.ellipse((x - wide, y - high, x + wide, y + high), fill=value)


def _stamp(pen: ImageDraw.ImageDraw, name: str, x: float, y: float, r: float, rng: np.random.Generator) -> None:
    """Fill the shape's pixels with 255; r is its radius in pixels."""
    upright = rng.random() < 0.5
    if name == "disc":
        _round(pen, x, y, r, r, 255)
    elif name == "oval":
        _round(pen, x, y, r if upright else 0.55 * r, 0.55 * r if upright else r, 255)
    elif name == "ring":
        _round(pen, x, y, r, r, 255)
        _round(pen, x, y, 0.55 * r, 0.55 * r, 0)
    elif name == "crescent":
        _round(pen, x, y, r, r, 255)
        _round(pen, x + (0.5 if upright else -0.5) * r, y, 0.8 * r, 0.8 * r, 0)
    elif name == "square":
        pen.rectangle((x - 0.85 * r, y - 0.85 * r, x + 0.85 * r, y + 0.85 * r), fill=255)
    elif name == "bar":
        a, b = (1.15 * r, 0.3 * r) if upright else (0.3 * r, 1.15 * r)
        pen.rectangle((x - a, y - b, x + a, y + b), fill=255)
    elif name == "cross":
        pen.rectangle((x - r, y - 0.3 * r, x + r, y + 0.3 * r), fill=255)
        pen.rectangle((x - 0.3 * r, y - r, x + 0.3 * r, y + r), fill=255)
    elif name == "heart":
        pen.ellipse((x - r, y - 0.9 * r, x + 0.04 * r, y + 0.15 * r), fill=255)
        pen.ellipse((x - 0.04 * r, y - 0.9 * r, x + r, y + 0.15 * r), fill=255)
        pen.polygon([(x - 0.95 * r, y - 0.12 * r), (x + 0.95 * r, y - 0.12 * r), (x, y + r)], fill=255)
    else:
        if name == "blob":
            lumps = np.tile(np.repeat(rng.uniform(0.65, 1.1, 6) * r, 3), 3)
            radii = np.convolve(lumps, np.full(5, 0.2), mode="same")[18:36].tolist()
        else:
            radii = {"triangle": [r] * 3, "hexagon": [r] * 6, "star": [r, 0.42 * r] * 5}[name]
        pen.polygon(_around(x, y, radii), fill=255)


def draw_plain(
    rng: np.random.Generator, pairs: list[tuple[int, int]], size: int = 128
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Objects]:
    """Return image (size, size, 3), labels (size, size) and objects for at most four pairs of colour and shape."""
    backdrop = _BACKDROPS[int(rng.integers(len(_BACKDROPS)))]
    image = Image.new("RGB", (size, size), backdrop)
    labels = np.zeros((size, size), dtype=np.uint8)
    quarters = rng.permutation(4)[: len(pairs)]
    places = []
    for index, ((colour, shape), quarter) in enumerate(zip(pairs, quarters, strict=True)):
        r = float(rng.uniform(0.11, 0.19) * size)
        x = float((0.27 + 0.46 * (quarter % 2) + rng.uniform(-0.04, 0.04)) * size)
        y = float((0.27 + 0.46 * (quarter // 2) + rng.uniform(-0.04, 0.04)) * size)
        stencil = Image.new("L", (size, size), 0)
        _stamp(ImageDraw.Draw(stencil), SHAPES[shape], x, y, r, rng)
        image.paste(_CSS[COLOURS[colour]], mask=stencil)
        labels[np.asarray(stencil) > 127] = index + 1
        places.append((x / size, y / size))
    pixels = np.asarray(image)
    if rng.random() < 0.3:
        noisy = pixels + rng.normal(0, 6, pixels.shape)
        pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    colours, shapes = np.array(pairs, dtype=np.int8).T
    x_share, y_share = np.array(places, dtype=np.float32).T
    none = np.zeros(len(pairs), dtype=np.int8)
    return pixels.copy(), labels, Objects(shapes, colours, none, none + 1, x_share, y_share)


def draw_pairs(rng: np.random.Generator, conjunction: bool) -> list[tuple[int, int]]:
    """Return three or four pairs of colour and shape; of a conjunction, only both words together name the first."""
    while True:
        count = int(rng.integers(3, 5))
        colour = rng.permutation(len(COLOURS))[:count]
        shape = rng.permutation(len(SHAPES))[:count]
        if conjunction:
            colour[1], shape[2] = colour[0], shape[0]
        pairs = [(int(c), int(s)) for c, s in zip(colour, shape, strict=True)]
        if not any(is_held_out(c, s) for c, s in pairs):
            return pairs
