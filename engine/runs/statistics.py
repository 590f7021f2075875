"""How sure a mean is, and whether two are different: bootstrap intervals over cases, or over patients. numpy only.

Everything that compares runs uses these: scores, reports, comparisons, search, tables.

- **Interval.** Cases are drawn with replacement, the mean is taken of each draw; BCa corrects the percentiles for bias
  and skew, which scores near their limit of 1 have (Efron 1987, "Better bootstrap confidence intervals", JASA 82, 171;
  Efron and Tibshirani 1993, "An introduction to the bootstrap", eq. 14.9 to 14.15). `percentile` takes them as they
  are.
- **Clusters.** Labels of one case, and cases of one patient, are not independent: whole clusters are drawn (Field and
  Welsh 2007, "Bootstrapping clustered data", JRSS B 69, 369), and the mean is over all values of the clusters drawn.
- **Difference.** Two runs are compared on the same cases, by the differences within each pair: what makes a case hard
  for both does not count.
- **Verdict.** `different` where the interval of the mean difference excludes 0, `no real difference` where it holds 0,
  `too few cases` below LEAST_CLUSTERS clusters. A bootstrap of few values is too sure of itself: with 10 skewed
  differences a 95 % interval holds the truth in about 9 of 10 draws (tests/engine/runs/test_statistics.py measures
  it), with 5 in about 8 of 10; below LEAST_FOR_INTERVAL no interval is given. "No real difference" means that these
  cases do not show one, not that there is none: the interval says how large it may be. Who compares many pairs passes
  a higher `level` (1 - 0.05 / pairs, Bonferroni).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 2000
LEAST_CLUSTERS = 10
LEAST_FOR_INTERVAL = 5
_AT_ONCE = 4_000_000
"""Numbers drawn in one piece: 32 MB."""

Method = Literal["bca", "percentile"]
Verdict = Literal["different", "no real difference", "too few cases"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of `n` values in `clusters` clusters, and where it lies with probability `level`.

    NaN for a mean of nothing; `low` and `high` are NaN where there are fewer than LEAST_FOR_INTERVAL clusters.
    """

    mean: float
    low: float
    high: float
    n: int
    clusters: int
    level: float = LEVEL

    @property
    def known(self) -> bool:
        return self.low == self.low


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mean of `second - first` over pairs, and what follows."""

    difference: Interval
    verdict: Verdict


def mean_interval(
    values: Sequence[float] | Floats,
    clusters: Sequence[Hashable] | None = None,
    *,
    level: float = LEVEL,
    method: Method = "bca",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean of `values` (n,) and its interval; `clusters` (n,) names what each value belongs to (None: itself).

    The same values and seed give the same interval. Raises ValueError for values that are not finite, for another
    number of clusters than values, and for a level outside (0, 1).
    """
    sums, counts = _by_cluster(values, clusters)
    if not 0 < level < 1:
        raise ValueError(f"a level of {level}")
    total, number = int(counts.sum()), len(sums)
    mean = float(sums.sum() / total) if total else float("nan")
    if number < LEAST_FOR_INTERVAL:
        return Interval(mean, float("nan"), float("nan"), total, number, level)
    drawn = _resampled(sums, counts, resamples, seed)
    tails = ((1 - level) / 2, (1 + level) / 2)
    shares = tails if method == "percentile" else _corrected(tails, drawn, sums, counts)
    low, high = np.percentile(drawn, [100 * share for share in shares])
    return Interval(mean, float(low), float(high), total, number, level)


def compare(
    first: Sequence[float] | Floats,
    second: Sequence[float] | Floats,
    clusters: Sequence[Hashable] | None = None,
    *,
    level: float = LEVEL,
    method: Method = "bca",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Paired: `first` and `second` (n,) are values of the same cases, in the same order.

    Raises ValueError as `mean_interval` does, and where they are not equally many.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape:
        raise ValueError(f"{one.shape} values against {other.shape}")
    found = mean_interval(other - one, clusters, level=level, method=method, resamples=resamples, seed=seed)
    return Comparison(found, verdict(found))


def verdict(difference: Interval) -> Verdict:
    """What an interval of a mean difference allows to say; the rule is at the top of this file."""
    if difference.clusters < LEAST_CLUSTERS:
        return "too few cases"
    return "no real difference" if difference.low <= 0 <= difference.high else "different"


def _by_cluster(values: Sequence[float] | Floats, clusters: Sequence[Hashable] | None) -> tuple[Floats, Floats]:
    """Sum and number of each cluster's values, in the order of first appearance."""
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise ValueError("values must be finite numbers in one row")
    if clusters is None:
        return found, np.ones(len(found))
    if len(clusters) != len(found):
        raise ValueError(f"{len(clusters)} clusters for {len(found)} values")
    places: dict[Hashable, int] = {}
    index = np.array([places.setdefault(name, len(places)) for name in clusters], np.int64)
    size = len(places)
    sums: Floats = np.bincount(index, found, size).astype(np.float64)
    return sums, np.bincount(index, minlength=size).astype(np.float64)


def _resampled(sums: Floats, counts: Floats, resamples: int, seed: int) -> Floats:
    """The mean of each of `resamples` draws of as many clusters as there are, with replacement."""
    random = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // len(sums))
    parts = []
    for start in range(0, resamples, rows):
        drawn = random.integers(0, len(sums), (min(rows, resamples - start), len(sums)))
        parts.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    return np.concatenate(parts)


def _corrected(tails: tuple[float, float], drawn: Floats, sums: Floats, counts: Floats) -> tuple[float, ...]:
    """Which percentiles of `drawn` stand for the tails: BCa's α₁ and α₂ (Efron and Tibshirani, eq. 14.10)."""
    whole = float(sums.sum() / counts.sum())
    below = (int(np.count_nonzero(drawn < whole)) + int(np.count_nonzero(drawn <= whole))) / (2 * len(drawn))
    # Draws that all lie on one side would give infinity; half a draw is as far as these draws can tell.
    below = min(max(below, 0.5 / len(drawn)), 1 - 0.5 / len(drawn))
    normal = NormalDist()
    bias = normal.inv_cdf(below)
    left_out = (sums.sum() - sums) / (counts.sum() - counts)
    apart = left_out.mean() - left_out
    spread = float((apart**2).sum())
    skew = float((apart**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0
    found = []
    for tail in tails:
        place = bias + normal.inv_cdf(tail)
        found.append(normal.cdf(bias + place / (1 - skew * place)))
    return tuple(found)
