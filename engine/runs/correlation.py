"""Whether two columns rise together: Spearman's rank correlation with a bootstrap interval. numpy only.

- **Correlation.** Pearson's of the ranks, ties share the mean of their ranks (Spearman 1904, "The proof and measurement
  of association between two things", Am. J. Psychol. 15, 72): it asks for no straight line, and a logarithmic axis
  changes nothing.
- **Interval.** Pairs are drawn with replacement and ranked anew in each draw; percentiles of the draws (Efron and
  Tibshirani 1993, ch. 13). The same values and seed give the same interval.
- **Reading.** An interval that holds 0 shows no correlation, which is not to say that there is none: a setting that is
  best in its middle has a rank correlation near 0 and matters all the same. Pairs of a search that learns from what it
  found are no independent draws; the interval is then narrower than it should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.runs.statistics import LEAST_CLUSTERS, LEVEL

RESAMPLES = 1000
_AT_ONCE = 2_000_000
"""Numbers drawn in one piece: 16 MB."""

Floats = NDArray[np.float64]
Shown = Literal["positive", "negative", "none", "too few"]


@dataclass(frozen=True, slots=True)
class Correlation:
    """`rho` of `n` pairs; NaN where a column is constant. `low`, `high`: NaN below LEAST_CLUSTERS pairs."""

    rho: float
    low: float
    high: float
    n: int
    level: float = LEVEL

    @property
    def shown(self) -> Shown:
        """What these pairs show."""
        if self.low != self.low:
            return "too few"
        return "positive" if self.low > 0 else "negative" if self.high < 0 else "none"


def spearman(
    first: Sequence[float] | Floats,
    second: Sequence[float] | Floats,
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Correlation:
    """`first` and `second` (n,), paired by place.

    Raises ValueError for values that are not finite, columns that are not equally long, and a level outside (0, 1).
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"{one.shape} values against {other.shape}")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("values must be finite numbers")
    if not 0 < level < 1:
        raise ValueError(f"a level of {level}")
    n = len(one)
    if n < 2:
        return Correlation(float("nan"), float("nan"), float("nan"), n, level)
    places = _Places(one), _Places(other)
    rho = float(_of_draws(*places, np.ones((1, n)))[0])
    if n < LEAST_CLUSTERS or rho != rho:
        return Correlation(rho, float("nan"), float("nan"), n, level)
    random = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // n)
    drawn = []
    for start in range(0, resamples, rows):
        some = min(rows, resamples - start)
        index = random.integers(0, n, (some, n)) + n * np.arange(some)[:, None]
        counts = np.bincount(index.ravel(), minlength=some * n).reshape(some, n).astype(np.float64)
        drawn.append(_of_draws(*places, counts))
    found = np.concatenate(drawn)
    found = found[np.isfinite(found)]  # a draw of one pair alone has no correlation
    low, high = np.percentile(found, [50 * (1 - level), 50 * (1 + level)])
    return Correlation(rho, float(low), float(high), n, level)


class _Places:
    """A column by its distinct values: a draw's ranks follow from how often each was drawn, without sorting anew."""

    def __init__(self, values: Floats) -> None:
        distinct, self.group = np.unique(values, return_inverse=True)
        self.many = len(distinct)

    def ranks(self, counts: Floats) -> Floats:
        """(draws, n): the rank of each of the n values in each draw, ties share their mean; `counts` (draws, n)."""
        draws = len(counts)
        if self.many == counts.shape[1]:
            sizes = np.empty_like(counts)
            sizes[:, self.group] = counts
        else:
            place = (self.group + self.many * np.arange(draws)[:, None]).ravel()
            drawn: Floats = np.bincount(place, counts.ravel(), draws * self.many).astype(np.float64)
            sizes = drawn.reshape(draws, self.many)
        middle = np.cumsum(sizes, axis=1) - (sizes - 1) / 2
        found: Floats = middle[:, self.group]
        return found


def _of_draws(one: _Places, other: _Places, counts: Floats) -> Floats:
    """(draws,): Pearson's correlation of the ranks, each pair as often as it was drawn; NaN where one is constant."""
    total = counts.sum(axis=1, keepdims=True)

    def centred(places: _Places) -> Floats:
        ranks = places.ranks(counts)
        found: Floats = ranks - (counts * ranks).sum(axis=1, keepdims=True) / total
        return found

    first, second = centred(one), centred(other)
    weighted = counts * first
    spread = np.sqrt((weighted * first).sum(axis=1) * (counts * second * second).sum(axis=1))
    together = (weighted * second).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, together / spread, np.nan)
