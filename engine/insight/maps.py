"""Two maps of the same rows of numbers: their principal components, and t-SNE.

t-SNE (van der Maaten and Hinton, JMLR 9, 2008) keeps neighbours together and says nothing by its distances. A few
hundred points need no tree: every pair is looked at, in numpy, and a cancel is heard in each step, which a library
would not allow. It begins with the principal components, so that the same rows give the same map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken
from engine.insight.energy import Array, apart

STEPS = 400
_EXAGGERATED = 100
_EXAGGERATION = 12.0
_TINY = 1e-12


def principal(rows: Array) -> Array:
    """(n, k) → the first two principal components (n, 2); zeros where there are none."""
    centred = rows - rows.mean(axis=0)
    parts, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    found = np.zeros((len(rows), 2))
    count = min(2, len(sizes))
    found[:, :count] = parts[:, :count] * sizes[:count]
    return found


def neighbours(rows: Array, cancel: CancelToken, perplexity: float = 20.0) -> Array:
    """(n, k) → t-SNE (n, 2). `perplexity`: how many neighbours count, at most (n − 1) / 3. Raises Cancelled."""
    count = len(rows)
    place = principal(rows)
    if count < 5:
        return place
    shared = _affinities(apart(rows, rows) ** 2, min(perplexity, (count - 1) / 3))
    place *= 1e-2 / max(float(place[:, 0].std()), _TINY)
    moved, gains = np.zeros_like(place), np.ones_like(place)
    rate = max(50.0, count / _EXAGGERATION / 4)
    for step in range(STEPS):
        cancel.check()
        wanted = shared * _EXAGGERATION if step < _EXAGGERATED else shared
        near = 1 / (1 + apart(place, place) ** 2)
        np.fill_diagonal(near, 0)
        pull = (wanted - near / max(float(near.sum()), _TINY)) * near
        slope = 4 * (pull.sum(axis=1)[:, None] * place - pull @ place)
        # Jacobs' gains, as in the authors' own program.
        gains = np.maximum(np.where(np.sign(slope) != np.sign(moved), gains + 0.2, gains * 0.8), 0.01)
        moved = (0.5 if step < _EXAGGERATED else 0.8) * moved - rate * gains * slope
        place = place + moved
        place -= place.mean(axis=0)
    return place


def _affinities(squares: Array, perplexity: float) -> Array:
    """Joint probabilities (n, n), zero on the diagonal: each point's width by bisection, all at once."""
    count = len(squares)
    off = ~np.eye(count, dtype=np.bool_)
    nearest = np.where(off, squares, np.inf).min(axis=1, keepdims=True)
    shifted = np.where(off, squares - nearest, np.inf)
    # Twins of a point would need an infinite precision to be told apart: bounded, they share its probability.
    scale = max(float(np.median(squares[off])), _TINY)
    low, high = np.full((count, 1), 1e-3 / scale), np.full((count, 1), 1e6 / scale)
    for _ in range(60):
        middle = np.sqrt(low * high)
        narrow = _entropy(_rows(shifted, middle)) < np.log(perplexity)
        low, high = np.where(narrow, low, middle), np.where(narrow, middle, high)
    own = _rows(shifted, np.sqrt(low * high))
    found: Array = (own + own.T) / (2 * count)
    return found


def _rows(squares: Array, precision: Array) -> Array:
    weights = np.exp(-squares * precision)
    found: Array = weights / weights.sum(axis=1, keepdims=True)
    return found


def _entropy(rows: Array) -> NDArray[np.float64]:
    logs = np.log(np.maximum(rows, _TINY))
    found: NDArray[np.float64] = -(rows * logs).sum(axis=1, keepdims=True)
    return found
