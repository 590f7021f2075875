"""The outlines of the twelve shapes, in units of the object's radius (x to the right, y downwards)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.words import SHAPES

Points = NDArray[np.float64]  # (n, 2), x and y


@dataclass(frozen=True)
class Outline:
    """A closed outline and, for rings and crescents, the part cut out of it."""

    outer: Points
    hole: Points | None = None


def polar(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> Points:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _turn(points: int) -> NDArray[np.float64]:
    return np.linspace(0.0, 2 * np.pi, points, endpoint=False)


def _circle(radius: float, x: float = 0.0, points: int = 40) -> Points:
    circle = polar(np.full(points, radius), _turn(points))
    circle[:, 0] += x
    return circle


def _regular(corners: int, radius: float) -> Points:
    return polar(np.full(corners, radius), _turn(corners) - np.pi / 2)


def _box(half_width: float, half_height: float) -> Points:
    w, h = half_width, half_height
    return np.array([[-w, -h], [w, -h], [w, h], [-w, h]])


def _disc(rng: np.random.Generator) -> Outline:
    return Outline(_circle(0.9))


def _square(rng: np.random.Generator) -> Outline:
    return Outline(_box(0.8, 0.8 * rng.uniform(0.92, 1.08)))


def _triangle(rng: np.random.Generator) -> Outline:
    half, height = rng.uniform(0.85, 1.1), rng.uniform(0.95, 1.15)
    return Outline(np.array([[0.0, -height], [half, 0.62], [-half, 0.62]]))


def _oval(rng: np.random.Generator) -> Outline:
    return Outline(_circle(1.08) * np.array([1.0, rng.uniform(0.42, 0.66)]))


def _bar(rng: np.random.Generator) -> Outline:
    return Outline(_box(1.22, rng.uniform(0.2, 0.34)))


def _ring(rng: np.random.Generator) -> Outline:
    return Outline(_circle(0.95), _circle(0.95 * rng.uniform(0.42, 0.68)))


def _star(rng: np.random.Generator) -> Outline:
    if rng.random() < 0.35:  # rounded points, like a starfish
        angle = _turn(60) - np.pi / 2
        tip = np.abs(np.mod(angle + np.pi / 2, 2 * np.pi / 5) / (np.pi / 5) - 1.0)  # 1 on a point, 0 between
        return Outline(polar(0.46 + 0.62 * tip ** rng.uniform(1.1, 1.6), angle))
    radius = np.where(np.arange(10) % 2 == 0, 1.08, rng.uniform(0.38, 0.56))
    return Outline(polar(radius, _turn(10) - np.pi / 2))


def _cross(rng: np.random.Generator) -> Outline:
    w, r = rng.uniform(0.22, 0.36), rng.uniform(0.92, 1.02)
    quarter = np.array([[w, -r], [w, -w], [r, -w]])
    turns = [
        np.array([[0.0, 1.0], [-1.0, 0.0]]),
        np.array([[-1.0, 0.0], [0.0, -1.0]]),
        np.array([[0.0, -1.0], [1.0, 0.0]]),
    ]
    return Outline(np.concatenate([quarter, *(quarter @ turn for turn in turns)]))


def _crescent(rng: np.random.Generator) -> Outline:
    return Outline(_circle(1.0), _circle(rng.uniform(0.74, 0.86), x=rng.uniform(0.38, 0.56)))


def _blob(rng: np.random.Generator) -> Outline:
    angle = _turn(60)
    radius = np.full(60, 0.85)
    for wave in (2, 3, 4, 5):
        strength = rng.uniform(0.02, 0.3 / wave**0.7)
        radius += strength * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    return Outline(polar(radius, angle))


def _hexagon(rng: np.random.Generator) -> Outline:
    return Outline(_regular(6, rng.uniform(0.94, 1.0)))


def _heart(rng: np.random.Generator) -> Outline:
    t = _turn(48)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return Outline(np.stack([x / 16.5, (y + 2.0) / (16.5 * rng.uniform(0.92, 1.08))], axis=1))


_MAKERS: Final[dict[str, Callable[[np.random.Generator], Outline]]] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "oval": _oval,
    "bar": _bar,
    "ring": _ring,
    "star": _star,
    "cross": _cross,
    "crescent": _crescent,
    "blob": _blob,
    "hexagon": _hexagon,
    "heart": _heart,
}
# These have no upright position: any rotation is natural. The others are only tilted.
_FREE: Final = frozenset({"oval", "bar", "crescent", "blob", "star"})
_TILT: Final = 0.35  # radians


def draw_outline(shape: int, rng: np.random.Generator) -> Outline:
    """Return one example of the shape, its proportions drawn at random, not yet rotated."""
    return _MAKERS[SHAPES[shape]](rng)


def draw_rotation(shape: int, rng: np.random.Generator) -> float:
    """Return a natural rotation of the shape in radians."""
    if SHAPES[shape] in _FREE:
        return float(rng.uniform(0, 2 * np.pi))
    return float(rng.uniform(-_TILT, _TILT)) if rng.random() < 0.7 else 0.0


def rotate(points: Points, angle: float) -> Points:
    """Return the points turned by `angle` radians about the object's centre."""
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[c, s], [-s, c]]), dtype=np.float64)
