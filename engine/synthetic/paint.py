"""Small drawing tools, numpy and Pillow only, on float pictures (height, width[, 3]) in 0..1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Array = NDArray[np.float32]

_SUPERSAMPLE = 4


def as_array(values: NDArray[Any]) -> Array:
    """Return the values in single precision, which halves the time of every operation on a picture."""
    return np.asarray(values, dtype=np.float32)


def grid(height: int, width: int) -> tuple[Array, Array]:
    """Return y (height, 1) and x (1, width) of the pixel centres, in units of the longer side, from 0."""
    side = max(height, width)
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / side
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / side
    return as_array(y), as_array(x)


def smooth_noise(rng: np.random.Generator, height: int, width: int, cells: int) -> Array:
    """Return noise (height, width), about 0..1, whose grains are `cells` to the longer side."""
    side = max(height, width)
    rows, cols = max(2, round(cells * height / side)), max(2, round(cells * width / side))
    coarse = Image.fromarray(rng.random((rows, cols), dtype=np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def blur(picture: Array, radius: float) -> Array:
    """Return the picture blurred by a Gaussian of `radius` pixels, at 8-bit precision."""
    image = Image.fromarray(to_uint8(picture)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, dtype=np.float32) / 255.0


def to_uint8(picture: Array) -> NDArray[np.uint8]:
    return (np.clip(picture, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def fill(
    outer: NDArray[np.float64], hole: NDArray[np.float64] | None, height: int, width: int, soft: float = 0.0
) -> Array:
    """Return how much of each pixel (height, width) the outline covers, 0..1; points (n, 2) are x, y in pixels.

    `soft` blurs the border by that many pixels.
    """
    s = _SUPERSAMPLE
    canvas = Image.new("L", (width * s, height * s), 0)
    pen = ImageDraw.Draw(canvas)
    # Pillow paints whole pixels: half a fine pixel back keeps the centre of mass where it was asked for.
    pen.polygon([tuple(p) for p in (outer * s - 0.5).tolist()], fill=255)
    if hole is not None:
        pen.polygon([tuple(p) for p in (hole * s - 0.5).tolist()], fill=0)
    small = canvas.reduce(s)
    if soft > 0:
        small = small.filter(ImageFilter.GaussianBlur(soft))
    return np.asarray(small, dtype=np.float32) / 255.0


def falloff(distance: Array, width: float) -> Array:
    """Return 1 well inside (negative distance), 0 outside, changing over about `width`."""
    return as_array(1.0 / (1.0 + np.exp(np.clip(distance / width, -30.0, 30.0))))


def waves(theta: Array, rng: np.random.Generator, strength: float, orders: tuple[int, ...] = (2, 3, 4, 5, 6)) -> Array:
    """Return 1 + a sum of random waves round the circle: the radius of an irregular outline at each angle."""
    radius = np.ones_like(theta)
    for order in orders:
        radius += np.float32(rng.uniform(-1, 1) * strength / order) * np.cos(
            order * theta + np.float32(rng.uniform(0, 2 * np.pi))
        )
    return radius
