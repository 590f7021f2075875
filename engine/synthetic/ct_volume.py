"""Draws CT-like abdomens: Hounsfield values on a grid of millimetres, with liver, spleen and kidneys labelled.

The body is laid out in patient coordinates (left, posterior, superior), so the liver lies on the patient's right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.paint import Array, as_array, smooth_noise, to_uint8

LIVER, SPLEEN, KIDNEY = 1, 2, 3
_WINDOW_HU: Final = (-160.0, 240.0)  # the usual soft-tissue window

_AIR, _FAT, _TISSUE, _BONE = -1000.0, -100.0, 40.0, 500.0


@dataclass(frozen=True)
class DrawnVolume:
    """Voxels (z, y, x): HU int16 and labels uint8; x runs to the patient's left, y to the back, z to the head."""

    hounsfield: NDArray[np.int16]
    labels: NDArray[np.uint8]
    spacing_zyx: tuple[float, float, float]


@dataclass(frozen=True)
class _Lump:
    """An irregular ellipsoid; centre and half-axes in millimetres (x, y, z) from the middle of the body."""

    centre: tuple[float, float, float]
    axes: tuple[float, float, float]
    turn: float  # in the axial plane, radians
    bumps: tuple[tuple[int, float, float], ...]  # waves round the outline: count, strength, phase

    def depth(self, x: Array, y: Array, z: float) -> Array:
        """Return 1 at the centre, 0 on the surface, negative outside, for one slice (y, x)."""
        dx, dy, dz = x - np.float32(self.centre[0]), y - np.float32(self.centre[1]), z - self.centre[2]
        c, s = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        u, v = (dx * c + dy * s) / np.float32(self.axes[0]), (dy * c - dx * s) / np.float32(self.axes[1])
        angle = np.arctan2(v, u)
        edge = np.ones_like(angle)
        for count, strength, phase in self.bumps:
            edge += np.float32(strength) * np.cos(count * angle + np.float32(phase + 0.03 * dz))
        across = (u * u + v * v) / (edge * edge)  # the bumps stay in the plane, so the poles stay round
        return as_array(1 - np.sqrt(across + (dz / self.axes[2]) ** 2))


def draw_abdomen(
    rng: np.random.Generator,
    shape_zyx: tuple[int, int, int] = (36, 144, 176),
    spacing_zyx: tuple[float, float, float] = (5.0, 2.2, 2.2),
) -> DrawnVolume:
    """Return one abdomen; the organs differ in place, size, form and enhancement from one seed to the next."""
    depth, height, width = shape_zyx
    size = rng.uniform(0.88, 1.08)
    y = ((np.arange(height, dtype=np.float32) - height / 2) * np.float32(spacing_zyx[1]))[:, None]
    x = ((np.arange(width, dtype=np.float32) - width / 2) * np.float32(spacing_zyx[2]))[None, :]
    organs = _draw_organs(rng, size)
    others = _draw_distractors(rng, size)
    enhancement = rng.uniform(-15, 25)
    values = {LIVER: 95 + enhancement, SPLEEN: 108 + enhancement, KIDNEY: 150 + 1.5 * enhancement}
    hounsfield = np.empty(shape_zyx, dtype=np.int16)
    labels = np.zeros(shape_zyx, dtype=np.uint8)
    for index in range(depth):
        z = (index - depth / 2) * spacing_zyx[0]
        picture, slice_labels = _draw_slice(x, y, z, size, organs, others, values)
        texture = 16 * (smooth_noise(rng, height, width, 40) - 0.5)
        grain = 18 * rng.standard_normal((height, width), dtype=np.float32)
        hounsfield[index] = np.clip(np.rint(picture + texture + grain), -1024, 1500).astype(np.int16)
        labels[index] = slice_labels
    return DrawnVolume(hounsfield, labels, spacing_zyx)


def _lump(
    rng: np.random.Generator,
    centre: tuple[float, float, float],
    axes: tuple[float, float, float],
    size: float,
    rough: float,
    turn: float,
) -> _Lump:
    jitter, stretch = rng.normal(0, 5, 3), size * rng.uniform(0.9, 1.12, 3)
    bumps = tuple((n, float(rng.uniform(-1, 1) * rough / n), float(rng.uniform(0, 6.3))) for n in (2, 3, 4, 5))
    return _Lump(
        _three(np.array(centre) * size + jitter),
        _three(np.array(axes) * stretch),
        turn + float(rng.uniform(-0.15, 0.15)),
        bumps,
    )


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z


def _draw_organs(rng: np.random.Generator, size: float) -> list[tuple[int, _Lump]]:
    """Return label and form, those that cover others last."""
    return [
        (LIVER, _lump(rng, (-70, -25, 25), (85, 62, 78), size, 0.3, 0.5)),
        (SPLEEN, _lump(rng, (95, 20, 35), (42, 22, 50), size, 0.2, 1.2)),
        (KIDNEY, _lump(rng, (-62, 52, -35), (32, 22, 58), size, 0.12, 1.1)),
        (KIDNEY, _lump(rng, (62, 52, -25), (32, 22, 58), size, 0.12, 2.0)),
    ]


def _draw_distractors(rng: np.random.Generator, size: float) -> list[tuple[float, _Lump]]:
    """Return value in HU and form of what is not labelled: bowel, stomach, vessels, muscle."""
    found = [
        (rng.uniform(-20, 60), _lump(rng, (55, -45, 40), (48, 32, 45), size, 0.35, 0.6)),  # stomach
        (170.0 + rng.uniform(-30, 40), _lump(rng, (8, 38, 0), (10, 10, 400), size, 0.03, 0.0)),  # aorta
        (120.0 + rng.uniform(-30, 30), _lump(rng, (-18, 36, 0), (11, 8, 400), size, 0.05, 0.0)),  # vena cava
    ]
    for _ in range(rng.integers(8, 15)):
        centre = (rng.uniform(-85, 95), rng.uniform(-65, 25), rng.uniform(-110, 30))
        value = rng.choice([-400.0, -30.0, 25.0, 60.0, 105.0, 130.0]) + rng.uniform(-20, 20)
        found.append((float(value), _lump(rng, centre, (22, 16, 28), size, 0.35, rng.uniform(0, 3))))
    return found


def _draw_slice(
    x: Array,
    y: Array,
    z: float,
    size: float,
    organs: list[tuple[int, _Lump]],
    others: list[tuple[float, _Lump]],
    values: dict[int, float],
) -> tuple[Array, NDArray[np.uint8]]:
    """Return HU (y, x) before noise, borders blurred as by the scanner, and labels (y, x)."""
    reach = size * (1 - 0.0000045 * z * z)
    body = 1 - np.hypot(x / np.float32(172 * reach), y / np.float32(126 * reach))
    ribs = np.float32(0.5 + 0.5 * np.sin(z / 9.0)) * np.maximum(0, np.sin(9 * np.arctan2(y, x) + z / 14))
    picture = np.full(body.shape, _AIR, dtype=np.float32)
    picture = _over(picture, _FAT, body / 0.02)
    picture = _over(picture, _TISSUE + 15, (body - 0.1) / 0.02)  # the muscle of the wall
    picture = _over(picture, _FAT + 25, (body - 0.18) / 0.03)  # fat between the organs
    wall = (body > 0.1) & (body < 0.17)
    picture = np.where(wall & (ribs > 0.75), _BONE - 200, picture).astype(np.float32)
    inside = body > 0.15
    for value, lump in others:
        picture = _over(picture, value, as_array(np.where(inside, lump.depth(x, y, z), -1)) / 0.05)
    labels = np.zeros(body.shape, dtype=np.uint8)
    for label, lump in organs:
        depth = as_array(np.where(inside, lump.depth(x, y, z), -1))
        picture = _over(picture, values[label], depth / 0.05)
        labels[depth > 0] = label
    spine = 1 - np.hypot(x / np.float32(24 * size), (y - np.float32(78 * size)) / np.float32(22 * size))
    picture = _over(picture, _BONE * (0.6 + 0.3 * abs(np.sin(z / 16))), spine / 0.08)
    labels[spine > 0] = 0
    return picture, labels


def _over(picture: Array, value: float, depth: Array) -> Array:
    """Lay `value` over the picture where depth > 0, half and half on the surface."""
    share = np.clip(depth + 0.5, 0, 1)
    return as_array(picture * (1 - share) + value * share)


def window(hounsfield: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return the values as gray 0..255 in the soft-tissue window."""
    low, high = _WINDOW_HU
    return to_uint8(as_array((hounsfield - low) / (high - low)))
