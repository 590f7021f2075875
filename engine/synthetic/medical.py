"""Draws the target domain: pictures that look like endoscopy, ultrasound, dermoscopy and chest X-ray, with their masks.

Nothing here is a patient's. The pictures are made hard on purpose: low contrast, soft borders, and things that look
like the target without being it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.backgrounds import speckle
from engine.synthetic.paint import Array, as_array, blur, falloff, grid, smooth_noise, to_uint8, waves

_SMALL: Final = 0.065  # of the longer side
CaseKind = Literal["polyps", "breast-ultrasound", "skin-lesions", "chest-xray"]


@dataclass(frozen=True)
class Case:
    """A picture (height, width, 3) uint8 and its mask (height, width), True on the target."""

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]


class Canvas:
    """The pixel grid of one picture, in units of its longer side, and the random outlines drawn on it."""

    def __init__(self, rng: np.random.Generator, height: int, width: int) -> None:
        self.rng = rng
        self.height, self.width = height, width
        self.y, self.x = grid(height, width)
        self.bottom, self.right = height / max(height, width), width / max(height, width)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def noise(self, cells: int) -> Array:
        return smooth_noise(self.rng, self.height, self.width, cells)

    def place(self, margin: float) -> tuple[float, float]:
        """Return a random x and y, at least `margin` of each side from the border."""
        x = self.between(margin, 1 - margin) * self.right
        return x, self.between(margin, 1 - margin) * self.bottom

    def outline(
        self,
        x: float,
        y: float,
        radius: float,
        flat: tuple[float, float] = (0.6, 1.0),
        rough: float = 0.25,
        angle: float | None = None,
    ) -> Array:
        """Return the distance (height, width) to an irregular oval, negative inside; `flat` bounds its flatness."""
        turn = self.between(0, 2 * math.pi) if angle is None else angle
        c, s, squash = math.cos(turn), math.sin(turn), self.between(*flat)
        rows, columns = slice(None), slice(None)
        if radius < _SMALL:  # far from a small outline nobody asks how far: a twelfth of the time
            rows, columns = self._near(y, self.height), self._near(x, self.width)
        dx, dy = (self.x[:, columns] - x) / radius, (self.y[rows] - y) / radius
        u, v = as_array(dx * c + dy * s), as_array((dy * c - dx * s) / squash)
        edge = waves(np.arctan2(v, u), self.rng, rough)
        distance = np.ones((self.height, self.width), dtype=np.float32)
        distance[rows, columns] = (np.hypot(u, v) - edge) * np.float32(radius)
        return distance

    def _near(self, middle: float, length: int) -> slice:
        side, reach = max(self.height, self.width), 2 * _SMALL
        return slice(max(0, round((middle - reach) * side)), min(length, round((middle + reach) * side)))

    def fold(self, wave: float = 0.12) -> Array:
        """Return the signed distance (height, width) to a random curved line across the picture."""
        angle = self.between(0, 2 * math.pi)
        c, s = math.cos(angle), math.sin(angle)
        dx, dy = self.x - self.right / 2, self.y - self.bottom / 2
        bend = wave * np.sin(6 * (dy * c - dx * s) + self.between(0, 6.3))
        return as_array(dx * c + dy * s - self.between(-0.5, 0.5) + bend)


def draw_case(kind: CaseKind, rng: np.random.Generator, size: tuple[int, int]) -> Case:
    """Return one picture of the kind; `size` is (height, width)."""
    picture, mask = _KINDS[kind](Canvas(rng, *size))
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    return Case(to_uint8(picture), mask)


def _polyps(c: Canvas) -> tuple[Array, NDArray[np.bool_]]:
    rng = c.rng
    mucosa = np.array([c.between(0.62, 0.85), c.between(0.3, 0.48), c.between(0.22, 0.4)], dtype=np.float32)
    picture = mucosa * (0.75 + 0.5 * c.noise(5))[:, :, None]
    for _ in range(rng.integers(2, 6)):
        distance, width = c.fold(), c.between(0.015, 0.045)
        ridge = 1 - 0.35 * np.exp(-((distance / width) ** 2)) + 0.2 * np.exp(-((distance / width - 1.5) ** 2))
        picture = picture * ridge[:, :, None]
    if rng.random() < 0.55:  # the dark way on, down the bowel
        lumen = c.outline(*c.place(0.12), radius=c.between(0.07, 0.17))
        picture = picture * (1 - 0.85 * falloff(lumen, 0.03))[:, :, None]
    for _ in range(rng.integers(0, 3)):  # bumps of the wall: lit like a polyp, coloured like the wall
        bump = c.outline(*c.place(0.1), radius=c.between(0.04, 0.1))
        picture = picture * (1 + 0.18 * falloff(bump, 0.02) - 0.12 * falloff(np.abs(bump), 0.008))[:, :, None]
    target = c.outline(*c.place(0.22), radius=c.between(0.07, 0.22))
    cover = falloff(target, c.between(0.004, 0.016))[:, :, None]
    height = np.sqrt(np.clip(-target, 0, None) / max(float(-target.min()), 1e-3))
    tint = np.array([c.between(0.95, 1.2), c.between(0.78, 1.25), c.between(0.8, 1.3)], dtype=np.float32)
    polyp = mucosa * tint * ((0.8 + 0.4 * height) * (0.85 + 0.3 * c.noise(16)))[:, :, None]
    picture = picture * (1 - c.between(0.1, 0.3) * falloff(target - 0.02, 0.015))[:, :, None]
    picture = picture * (1 - cover) + polyp * cover
    for _ in range(rng.integers(2, 9)):  # the lamp on wet tissue
        spot = c.outline(*c.place(0.0), radius=c.between(0.005, 0.024))
        picture = picture + 0.8 * falloff(spot, 0.003)[:, :, None]
    middle = np.hypot(c.x - c.right / 2, c.y - c.bottom / 2)
    picture = picture * (1 - 1.2 * np.clip(middle - 0.25, 0, None))[:, :, None]
    if rng.random() < 0.5:
        picture = picture * (middle < 0.53)[:, :, None]
    picture = picture + 0.02 * rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < 0.3:
        picture = blur(picture, c.between(0.6, 1.3))
    return as_array(picture), target < 0


def _breast_ultrasound(c: Canvas) -> tuple[Array, NDArray[np.bool_]]:
    rng = c.rng
    wavy = c.y + 0.05 * np.sin(4 * c.x + c.between(0, 6.3))
    layers = 0.45 + 0.15 * np.sin(wavy * c.between(8, 22) + c.between(0, 6.3)) + 0.25 * (c.noise(10) - 0.5)
    picture = (layers + 0.3 * np.exp(-c.y * c.between(6, 14))) * (1.15 - 0.6 * c.y)
    x, y = c.between(0.22, 0.78) * c.right, c.between(0.28, 0.65) * c.bottom
    radius = c.between(0.08, 0.19)
    target = c.outline(x, y, radius, flat=(0.5, 0.9), rough=0.35, angle=c.between(-0.4, 0.4))
    cover = falloff(target, c.between(0.008, 0.022))
    picture = picture * (1 - cover) + c.between(0.06, 0.22) * cover * (0.7 + 0.6 * c.noise(12))
    behind = (np.abs(c.x - x) < radius * 0.8) & (c.y > y) & (target > 0)
    picture = np.where(behind, picture * c.between(0.55, 1.3), picture)
    for _ in range(rng.integers(1, 5)):
        chance = rng.random()
        if chance < 0.4:  # shadows below something dense
            column = np.exp(-(((c.x - c.between(0, c.right)) / 0.05) ** 2))
            picture = picture * (1 - 0.65 * column * (c.y > c.between(0.2, 0.7)))
        elif chance < 0.7:  # bright layers between tissues
            band = (c.y - c.between(0, c.bottom)) + 0.2 * (c.x - 0.5)
            picture = picture + 0.35 * np.exp(-((band / 0.015) ** 2)) * c.noise(6)
        else:  # a lobule of fat: dark like the lesion, but faint and without a border
            fat = c.outline(*c.place(0.15), radius=c.between(0.05, 0.11), flat=(0.35, 0.7))
            picture = picture * (1 - c.between(0.25, 0.5) * falloff(fat, 0.025))
    picture = picture * speckle(rng, c.height, c.width, rng.uniform(0.55, 0.9))
    return as_array(picture), target < 0


def _skin_lesions(c: Canvas) -> tuple[Array, NDArray[np.bool_]]:
    rng = c.rng
    skin = np.array([c.between(0.62, 0.95), c.between(0.44, 0.7), c.between(0.36, 0.6)], dtype=np.float32)
    picture = skin * (0.82 + 0.3 * c.noise(4) + 0.12 * (c.noise(32) - 0.5))[:, :, None]
    for _ in range(rng.integers(0, 3)):  # redness without a lesion
        flush = falloff(c.outline(*c.place(0.05), radius=c.between(0.12, 0.3)), 0.06)[:, :, None]
        picture = as_array(picture * (1 - flush * np.array([0.02, 0.18, 0.16], dtype=np.float32)))
    x, y = c.between(0.3, 0.7) * c.right, c.between(0.3, 0.7) * c.bottom
    target = c.outline(x, y, c.between(0.09, 0.26), rough=0.55)
    fringe = target + c.between(0.01, 0.03) * (c.noise(16) - 0.5)
    cover = falloff(fringe, c.between(0.01, 0.04))[:, :, None]
    paleness = c.between(0.0, 0.45)  # towards the skin's own colour
    tone = np.array([c.between(0.35, 0.75), c.between(0.25, 0.65), c.between(0.25, 0.7)], dtype=np.float32)
    lesion = as_array(skin * (tone + (1 - tone) * paleness) * (0.65 + 0.7 * c.noise(12))[:, :, None])
    picture = picture * (1 - cover) + lesion * cover
    for _ in range(rng.integers(1, 7)):  # freckles and pen marks beside it
        mark = falloff(c.outline(*c.place(0.0), radius=c.between(0.015, 0.06)), 0.006)
        mark = as_array(mark * (target > 0.03))[:, :, None]
        ink = rng.random(3, dtype=np.float32) * 0.6 if rng.random() < 0.3 else skin * c.between(0.45, 0.75)
        picture = as_array(picture * (1 - mark) + ink * mark)
    for _ in range(rng.integers(0, 14)):
        hair = np.exp(-((c.fold(wave=c.between(0, 0.06)) / c.between(0.003, 0.006)) ** 2))
        picture = picture * (1 - 0.75 * hair)[:, :, None]
    if rng.random() < 0.4:
        rim = np.hypot(c.x - c.right / 2, c.y - c.bottom / 2)
        picture = picture * falloff(rim - 0.5, 0.03)[:, :, None]
    picture = picture + 0.018 * rng.standard_normal(picture.shape, dtype=np.float32)
    return as_array(picture), target < 0


def _chest_xray(c: Canvas) -> tuple[Array, NDArray[np.bool_]]:
    rng = c.rng
    # Anatomy is laid out in a unit square, then fitted to the picture.
    span, drift_x, drift_y = c.between(0.82, 1.02), c.between(-0.05, 0.05), c.between(-0.05, 0.05)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            (0.5 + (x - 0.5) * span + drift_x) * c.right,
            (0.5 + (y - 0.5) * span + drift_y) * c.bottom,
        )

    scale = span * min(c.right, c.bottom)
    spine = np.exp(-(((c.x - at(0.5, 0.5)[0]) / (0.08 * scale)) ** 2))
    picture = 0.55 + 0.25 * spine + 0.12 * (c.noise(4) - 0.5)
    body = falloff(c.outline(*at(0.5, 0.6), radius=0.56 * scale, flat=(0.95, 1.0), rough=0.05, angle=0.0), 0.02)
    lean = c.between(0.03, 0.2)
    right_lung = c.outline(*at(0.31, 0.46), radius=0.3 * scale, flat=(0.4, 0.56), rough=0.16, angle=1.57 + lean)
    left_lung = c.outline(*at(0.7, 0.46), radius=0.3 * scale, flat=(0.36, 0.52), rough=0.16, angle=1.57 - lean)
    heart = c.outline(*at(0.56, 0.61), radius=c.between(0.12, 0.18) * scale, flat=(0.7, 0.9), rough=0.1, angle=0.6)
    floor = at(0.5, 0.78)[1] + 0.06 * np.cos((c.x - at(0.5, 0)[0]) * 9)
    lungs = ((right_lung < 0) | (left_lung < 0)) & ~(heart < 0) & (c.y < floor)
    air = blur(np.repeat(lungs[:, :, None].astype(np.float32), 3, axis=2), c.between(1.0, 2.5))[:, :, 0]
    picture = picture * body + 0.05
    picture = picture * (1 - air * c.between(0.3, 0.7))
    for _ in range(rng.integers(0, 4)):  # opacities: lung that has lost its air is still lung
        cloud = falloff(c.outline(*c.place(0.2), radius=c.between(0.05, 0.16)), 0.03) * air
        picture = picture + c.between(0.08, 0.3) * cloud
    if rng.random() < 0.6:  # gas in the stomach: dark like a lung, below the diaphragm
        gas = c.outline(*at(0.68, 0.86), radius=c.between(0.04, 0.09) * scale, rough=0.2)
        picture = picture * (1 - c.between(0.3, 0.55) * falloff(gas, 0.008))
    for rib in range(10):
        arch = c.y - at(0.5, 0.1 + rib * 0.08)[1] - 0.5 * (np.abs(c.x - at(0.5, 0)[0]) - 0.2) ** 2
        picture = picture + c.between(0.05, 0.11) * np.exp(-((arch / 0.012) ** 2)) * body
    picture = picture + 0.13 * (c.noise(20) - 0.5)
    for _ in range(rng.integers(0, 3)):  # leads and markers
        if rng.random() < 0.5:
            mark = falloff(c.outline(*c.place(0.05), radius=c.between(0.015, 0.04)), 0.004)
            picture = picture * (1 - mark) + 0.95 * mark
        else:
            picture = picture + 0.25 * np.exp(-((c.fold() / 0.004) ** 2))
    picture = picture * c.between(0.7, 1.2)
    picture = picture + c.between(0.02, 0.05) * rng.standard_normal(picture.shape, dtype=np.float32)
    return as_array(picture), lungs


_KINDS: Final[dict[CaseKind, Callable[[Canvas], tuple[Array, NDArray[np.bool_]]]]] = {
    "polyps": _polyps,
    "breast-ultrasound": _breast_ultrasound,
    "skin-lesions": _skin_lesions,
    "chest-xray": _chest_xray,
}
