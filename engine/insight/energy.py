"""How far some pictures lie from others: the energy distance of their features, on a scale on which 1 is no distance.

The energy distance (Székely and Rizzo, J. Stat. Plan. Inference 143, 2013) is 2 E|X − R| − E|X − X'| − E|R − R'|: 0
where X and R come from the same distribution, more the further apart they are, whatever their shapes; it needs no
covariance, which a hundred pictures cannot tell in two hundred dimensions. Its parts are means over pairs of different
pictures, so its expectation depends on the number of pictures neither here nor there.

A part of `PART` new pictures of the reference's own kind is expected to lie d / PART from it, where d = E|R − R'|. The
distance is told against that: sqrt(1 + PART · energy / d). So 1 means "like new pictures of the same kind", and 3 that
a part of these pictures lies three times as far out as a part of such new ones. No torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import InputError

PART = 16
MOST_COMPONENTS = 32
RESAMPLES = 400
_TINY = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Features (n, d) → their first principal components, each of variance 1 in the pictures that it was made from."""

    mean: Array
    basis: Array  # (d, k)

    @classmethod
    def of(cls, features: Array, most: int = MOST_COMPONENTS) -> Projection:
        """From features (n, d), each scaled to a deviation of 1 first; at most n / 3 components, or they say nothing.

        Raises InputError where all rows are the same.
        """
        mean, spread = features.mean(axis=0), features.std(axis=0)
        alive = spread > _TINY * max(1.0, float(np.abs(mean).max()))
        if not alive.any():
            raise InputError(
                "All pictures of the reference look the same to the model.",
                hint="Name a folder with different pictures.",
                field="reference",
            )
        scale = np.where(alive, 1 / np.where(alive, spread, 1), 0.0)
        _, sizes, rows = np.linalg.svd((features - mean) * scale, full_matrices=False)
        variances = sizes**2 / len(features)
        count = min(most, max(1, len(features) // 3), int((variances > 1e-6 * variances[0]).sum()))
        return cls(mean, (rows[:count] * scale).T / np.sqrt(variances[:count]))

    def __call__(self, features: Array) -> Array:
        """(n, d) → (n, k)."""
        found: Array = (features - self.mean) @ self.basis
        return found


@dataclass(frozen=True)
class View:
    """Pictures of the reference as a projection shows them that was made from others: (n, k), and whose each is."""

    projection: Projection
    sample: Array
    groups: NDArray[np.int64]


@dataclass(frozen=True)
class Distance:
    """`value` as the module says; `low` and `high` the 95 % bootstrap interval over owners, None where there is one."""

    value: float
    low: float | None = None
    high: float | None = None


def distance(views: tuple[View, ...], features: Array, groups: NDArray[np.int64], seed: int = 0) -> Distance:
    """Of pictures with `features` (n, d) from the reference; n is at least 2. `groups` (n,): whose each picture is.

    Pictures of one patient are drawn together in the bootstrap: they are no independent samples.
    """
    rng = np.random.default_rng(seed)
    own = _weights(groups, rng)
    found, drawn = [], []
    for view in views:
        seen = view.projection(features)
        across, among, within = apart(seen, view.sample), apart(seen, seen), apart(view.sample, view.sample)
        ones, theirs = np.ones((1, len(seen))), np.ones((1, len(view.sample)))
        found.append(_relative(across, among, within, ones, theirs)[0])
        if own is not None:
            others = _weights(view.groups, rng)
            drawn.append(_relative(across, among, within, own, np.ones_like(theirs) if others is None else others))
    value = _scaled(float(np.mean(found)))
    if not drawn:
        return Distance(value)
    low, high = (_scaled(float(end)) for end in np.percentile(np.mean(drawn, axis=0), [2.5, 97.5]))
    return Distance(value, min(value, low), max(value, high))


def apart(first: Array, second: Array) -> Array:
    """Euclidean distances (n, m) of rows (n, k) and (m, k)."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2 * first @ second.T
    found: Array = np.sqrt(squares.clip(min=0))
    return found


def _scaled(relative: float) -> float:
    return math.sqrt(max(0.0, 1 + PART * relative))


def _relative(across: Array, among: Array, within: Array, own: Array, others: Array) -> Array:
    """The energy distance as a share of the reference's own mean distance, for each row of weights (b, n), (b, m)."""
    middle = np.einsum("bn,bn->b", own, (across @ others.T).T) / (own.sum(axis=1) * others.sum(axis=1))
    spread = _among(within, others)
    found: Array = (2 * middle - _among(among, own) - spread) / np.maximum(spread, _TINY)
    return found


def _among(distances: Array, weights: Array) -> Array:
    """The mean over pairs of different pictures, however often each was drawn."""
    total = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
    found: Array = np.einsum("bn,nm,bm->b", weights, distances, weights, optimize=True) / np.maximum(total, _TINY)
    return found


def _weights(groups: NDArray[np.int64], rng: np.random.Generator) -> Array | None:
    """How often each picture is drawn in each resample, (RESAMPLES, n), groups as wholes; None where there is one."""
    _, places = np.unique(groups, return_inverse=True)
    count = int(places.max()) + 1
    if count < 2:
        return None
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    drawn[(drawn > 0).sum(axis=1) < 2] = 1  # one group of one picture alone has no distance within itself
    return drawn[:, places].astype(np.float64)
