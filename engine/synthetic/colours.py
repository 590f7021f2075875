"""What the twelve colour words look like: ranges of hue, saturation and value, and the paints of drawing programs."""

from __future__ import annotations

import colorsys
from typing import Final

import numpy as np

from engine.synthetic.paint import Array, as_array
from engine.synthetic.words import COLOURS

# hue in degrees, half-width of the hue, then the ranges of saturation and value
_RANGES: Final[dict[str, tuple[float, float, float, float, float, float]]] = {
    "red": (0, 8, 0.70, 1.00, 0.62, 1.00),
    "orange": (29, 8, 0.80, 1.00, 0.82, 1.00),
    "yellow": (55, 6, 0.65, 1.00, 0.80, 1.00),
    "green": (118, 22, 0.55, 1.00, 0.38, 0.90),
    "cyan": (181, 10, 0.55, 1.00, 0.70, 1.00),
    "blue": (228, 15, 0.62, 1.00, 0.45, 1.00),
    "purple": (276, 17, 0.50, 0.95, 0.42, 0.92),
    "pink": (335, 12, 0.28, 0.60, 0.85, 1.00),
    "brown": (22, 8, 0.55, 0.85, 0.28, 0.52),
    "white": (0, 180, 0.00, 0.06, 0.88, 1.00),
    "gray": (0, 180, 0.00, 0.08, 0.40, 0.64),
    "black": (0, 180, 0.00, 0.20, 0.00, 0.14),
}
_PAINTS: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    "red": ((255, 0, 0), (220, 40, 40), (200, 20, 30)),
    "orange": ((255, 165, 0), (255, 140, 0), (240, 130, 30)),
    "yellow": ((255, 255, 0), (240, 220, 40), (250, 215, 0)),
    "green": ((0, 128, 0), (0, 255, 0), (40, 160, 60)),
    "cyan": ((0, 255, 255), (40, 200, 210), (0, 200, 200)),
    "blue": ((0, 0, 255), (40, 80, 220), (30, 60, 200)),
    "purple": ((128, 0, 128), (130, 50, 180), (150, 60, 200)),
    "pink": ((255, 192, 203), (255, 105, 180), (250, 150, 190)),
    "brown": ((139, 69, 19), (120, 70, 30), (110, 60, 25)),
    "white": ((255, 255, 255), (245, 245, 245)),
    "gray": ((128, 128, 128), (110, 110, 110), (150, 150, 150)),
    "black": ((0, 0, 0), (20, 20, 20)),
}


def draw_colour(colour: int, rng: np.random.Generator) -> Array:
    """Return one paint (3,) that a person would call by the colour's name."""
    name = COLOURS[colour]
    if rng.random() < 0.35:
        paints = _PAINTS[name]
        paint = np.array(paints[rng.integers(len(paints))], dtype=np.float32) / 255.0
        return as_array(np.clip(paint + rng.uniform(-0.03, 0.03, 3), 0.0, 1.0))
    hue, spread, s_low, s_high, v_low, v_high = _RANGES[name]
    rgb = colorsys.hsv_to_rgb(
        ((hue + rng.uniform(-spread, spread)) / 360.0) % 1.0, rng.uniform(s_low, s_high), rng.uniform(v_low, v_high)
    )
    return np.array(rgb, dtype=np.float32)


def second_tone(paint: Array, rng: np.random.Generator) -> Array:
    """Return a lighter or darker tone of the paint (3,), for stripes, dots and shading."""
    share = np.float32(rng.uniform(0.35, 0.6))
    if float(paint.mean()) > 0.5:
        return (paint * share).astype(np.float32)
    return (paint + (1 - paint) * share).astype(np.float32)
