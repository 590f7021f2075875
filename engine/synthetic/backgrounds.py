"""What lies behind and over the objects of a scene: backgrounds, clutter, and what a camera does to a picture."""

from __future__ import annotations

import numpy as np

from engine.synthetic.paint import Array, as_array, blur, grid, smooth_noise


def flat_background(rng: np.random.Generator, size: int, paints: Array, gray: bool) -> Array:
    """Return one even colour (size, size, 3) that differs from every paint (n, 3) as far as a few draws allow."""
    best, best_distance = np.ones(3, dtype=np.float32), -1.0
    for _ in range(6):
        kind = rng.random()
        if kind < 0.3:
            colour = np.full(3, rng.uniform(0.93, 1.0))
        elif kind < 0.45:
            colour = np.full(3, rng.uniform(0.0, 0.1))
        elif kind < 0.6 or gray:
            colour = np.full(3, rng.uniform(0.2, 0.85))
        else:
            colour = rng.random(3) if rng.random() < 0.5 else rng.uniform(0.55, 0.95, 3)
        distance = float(np.abs(paints - colour.astype(np.float32)).sum(axis=1).min())
        if distance > best_distance:
            best, best_distance = colour.astype(np.float32), distance
        if distance > 0.5:
            break
    return np.broadcast_to(best, (size, size, 3)).copy()


def rich_background(rng: np.random.Generator, size: int, gray: bool) -> Array:
    """Return a graded, mottled background (size, size, 3)."""
    ends = rng.random((2, 3), dtype=np.float32)
    if rng.random() < 0.5:
        ends = ends * 0.5 + 0.25
    if rng.random() < 0.4:  # two near tones
        ends[1] = np.clip(ends[0] + rng.uniform(-0.2, 0.2, 3), 0, 1)
    if gray:
        ends[:] = ends.mean(axis=1, keepdims=True)
    y, x = grid(size, size)
    angle = rng.uniform(0, 2 * np.pi)
    blend = (x - 0.5) * np.float32(np.cos(angle)) + (y - 0.5) * np.float32(np.sin(angle)) + 0.5
    blend = blend + np.float32(rng.uniform(0, 1.2)) * (smooth_noise(rng, size, size, 6) - 0.5)
    if rng.random() < 0.7:
        blend = blend + np.float32(rng.uniform(0, 0.8)) * (smooth_noise(rng, size, size, 16) - 0.5)
    blend = np.clip(blend, 0, 1)[:, :, None]
    picture = ends[0] * (1 - blend) + ends[1] * blend
    if rng.random() < 0.2:
        angle, rate = rng.uniform(0, 2 * np.pi), rng.uniform(15, 70)
        ripple = np.sin((x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) * np.float32(rate))
        picture = picture + 0.08 * ripple[:, :, None]
    return as_array(picture)


def add_folds(rng: np.random.Generator, picture: Array) -> Array:
    """Return the picture with one to four curved dark or bright folds, as thin as a hair or broad."""
    y, x = grid(*picture.shape[:2])
    for _ in range(rng.integers(1, 5)):
        angle, width = rng.uniform(0, 2 * np.pi), np.float32(rng.uniform(0.006, 0.05))
        c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        along = (y - 0.5) * c - (x - 0.5) * s
        across = (x - 0.5) * c + (y - 0.5) * s - np.float32(rng.uniform(-0.5, 0.5))
        across = as_array(across + 0.1 * np.sin(6 * along + np.float32(rng.uniform(0, 2 * np.pi))))
        strength = np.float32(rng.uniform(-0.5, 0.3))
        picture = as_array(picture * (1 + strength * np.exp(-((across / width) ** 2)))[:, :, None])
    return picture


def add_highlights(rng: np.random.Generator, picture: Array) -> Array:
    """Return the picture with a few small bright spots, as of a lamp on something wet."""
    height, width = picture.shape[:2]
    y, x = grid(height, width)
    for _ in range(rng.integers(1, 5)):
        radius = np.float32(rng.uniform(0.006, 0.028))
        distance = np.hypot(x - np.float32(rng.random()), y - np.float32(rng.random()))
        spot = np.clip((radius - distance) / 0.008 + 0.5, 0, 1)
        picture = picture + np.float32(rng.uniform(0.2, 0.9)) * spot[:, :, None]
    return picture


def degrade(rng: np.random.Generator, picture: Array, gray: bool) -> Array:
    """Return the picture after exposure, blur, vignette, speckle and noise, each with its own chance."""
    height, width = picture.shape[:2]
    picture = picture * np.float32(rng.uniform(0.75, 1.1)) + np.float32(rng.uniform(-0.05, 0.08))
    if rng.random() < 0.3:
        picture = blur(picture, rng.uniform(0.6, 1.8))
    if rng.random() < 0.25:
        y, x = grid(height, width)
        shade = 1 - np.float32(rng.random() * 2.2) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
        picture = picture * np.clip(shade, 0.1, 1)[:, :, None]
    if rng.random() < (0.4 if gray else 0.1):
        picture = picture * speckle(rng, height, width, rng.uniform(0.2, 0.9))[:, :, None]
    if rng.random() < 0.8:
        channels = 1 if gray or rng.random() < 0.5 else 3
        noise = rng.standard_normal((height, width, channels), dtype=np.float32)
        picture = picture + noise * np.float32(rng.uniform(0, 0.06))
    return picture.astype(np.float32)


def speckle(rng: np.random.Generator, height: int, width: int, strength: float) -> Array:
    """Return a multiplicative ultrasound speckle (height, width) with mean about 1, grains often wider than high."""
    grains = np.sqrt(rng.standard_exponential((height, width), dtype=np.float32))
    if rng.random() < 0.6:
        grains = (grains + np.roll(grains, 1, axis=1) + np.roll(grains, -1, axis=1)) / 3
    return (1 - strength + np.float32(strength) * 1.1 * grains).astype(np.float32)
