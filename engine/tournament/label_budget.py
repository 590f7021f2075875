"""How much a few more labelled cases would bring: a curve over 1, 2, 4, … training cases, and what follows from it.

The curve is the inverse power law Dice(n) = a − b·n^(−c), which learning curves of many models follow (Figueroa,
Zeng-Treitler, Kandula, Ngo 2012, "Predicting sample size required for classification performance", BMC Med Inform
Decis Mak 12:8), fitted by least squares with a in [0, 1]. Its interval draws test cases (or patients, with all of their
labels) with replacement, the same ones for all sizes, and fits each draw anew. It knows nothing of which cases were
learnt from and of the seed of training: each size was tuned once.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST_SIZES: Final = 4
FAR: Final = 4.0
"""Times the largest number of cases tried, beyond which the curve is not trusted."""
WIDE: Final = 8.0
"""Ratio of the ends of an interval, from which on it says nothing useful."""
DRAWS: Final = 200
MOST: Final = 1_000_000
LEAST_C: Final = 0.05
MOST_C: Final = 3.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Dice(n) = a − b·n^(−c)."""

    a: float
    b: float
    c: float

    def at(self, n: float) -> float:
        return self.a - self.b * float(n**-self.c)

    def cases_for(self, dice: float) -> float:
        """How many cases give this Dice; infinity above what the curve reaches."""
        if self.b <= 0:
            return 0.0 if dice <= self.a else math.inf
        if dice >= self.a:
            return math.inf
        return float(((self.a - dice) / self.b) ** (-1 / self.c))


@dataclass(frozen=True, slots=True)
class Advice:
    """What the curve says of `gain` more Dice than the largest size reached.

    `more`: further cases, infinity where the curve ends below; `low`, `high`: their 95 % interval. `unreliable`: why
    not to trust it, empty where nothing speaks against.
    """

    curve: Curve
    now: float
    gain: float
    more: float
    low: float
    high: float
    unreliable: tuple[str, ...]

    def told(self) -> str:
        """One sentence for a person, and another one where it is not to be trusted."""
        if math.isinf(self.more):
            end = f"The curve levels off at a Dice of {self.curve.a:.2f}"
            said = f"{end}: more labels alone will not bring +{self.gain:g}."
        else:
            interval = f" (95 %: {_count(self.low)} to {_count(self.high)})"
            said = f"About {_count(self.more)} more labelled cases for +{self.gain:g} Dice{interval}."
        return said if not self.unreliable else f"{said} Not reliable: {'; '.join(self.unreliable)}."


def _count(value: float) -> str:
    if math.isinf(value) or value > MOST:
        return "very many"
    return str(max(0, math.ceil(value)))


def advise(
    scores: Mapping[int, Sequence[float]],
    gain: float = 0.02,
    seed: int = 0,
    clusters: Sequence[Hashable] | None = None,
) -> Advice:
    """`scores`: number of training cases → Dice of each test pair, the same pairs in the same order for all sizes;
    `clusters`: the case or patient of each pair (None: each is its own).

    Raises ValueError for fewer than three sizes, sizes below 1 and rows of another length.
    """
    sizes = np.array(sorted(scores), np.float64)
    table = np.array([scores[int(size)] for size in sizes], np.float64)
    if len(sizes) < 3 or sizes[0] < 1 or table.ndim != 2 or table.shape[1] == 0:
        raise ValueError("a curve needs three sizes and the same test cases for all of them")
    means = table.mean(axis=1)
    curve = fit(sizes, means)
    now = float(curve.at(sizes[-1]))
    more = curve.cases_for(now + gain) - float(sizes[-1])
    random = np.random.default_rng(seed)
    last = float(sizes[-1])
    sums, counts = _by_cluster(table, clusters)
    chosen = random.integers(0, len(counts), (DRAWS, len(counts)))
    curves = _fits(sizes, (sums[:, chosen].sum(axis=2) / counts[chosen].sum(axis=1)).T)
    drawn = [one.cases_for(one.at(last) + gain) - last for one in curves]
    low, high = (float(value) for value in np.quantile(np.array(drawn), (0.025, 0.975), method="nearest"))
    reasons = _doubts(sizes, means, curve, more, (low, high), len(counts))
    return Advice(curve, now, gain, more, low, high, tuple(reasons))


def _by_cluster(table: Floats, clusters: Sequence[Hashable] | None) -> tuple[Floats, Floats]:
    """Sums (S, C) and numbers (C,) of the scores of each cluster. Raises ValueError for another number of names."""
    names = range(table.shape[1]) if clusters is None else clusters
    if len(names) != table.shape[1]:
        raise ValueError(f"{len(names)} clusters for {table.shape[1]} scores")
    places: dict[Hashable, int] = {}
    index = [places.setdefault(name, len(places)) for name in names]
    member = np.zeros((len(index), len(places)))
    member[np.arange(len(index)), index] = 1
    return table @ member, member.sum(axis=0)


def fit(sizes: Floats, means: Floats) -> Curve:
    """The curve through `means` (S,) at `sizes` (S,), by least squares.

    Linear in a and b for each c; c by a grid that is made finer around its best point, so that nothing diverges. a
    stays in [0, 1] and b at 0 or above, since more cases are not expected to harm.
    """
    return _fits(sizes, means[None])[0]


def _fits(sizes: Floats, means: Floats) -> list[Curve]:
    """A curve for each row of `means` (D, S)."""
    grid = np.broadcast_to(np.geomspace(LEAST_C, MOST_C, 40), (len(means), 40))
    ratio = float(grid[0, 1] / grid[0, 0])
    for _ in range(4):
        a, b, error = _linear(sizes, means, grid)
        best = error.argmin(axis=1)[:, None]
        a, b, c = (np.take_along_axis(values, best, axis=1) for values in (a, b, grid))
        grid = np.clip(c * ratio ** np.linspace(-1, 1, 15), LEAST_C, MOST_C)
        ratio **= 1 / 7
    return [Curve(float(a[row, 0]), float(b[row, 0]), float(c[row, 0])) for row in range(len(means))]


def _linear(sizes: Floats, means: Floats, c: Floats) -> tuple[Floats, Floats, Floats]:
    """The best a and b for each of the exponents `c` (D, G), and the sum of squares that is left; all (D, G)."""
    falls = sizes ** -c[:, :, None]  # (D, G, S)
    spread = falls - falls.mean(axis=2, keepdims=True)
    mean = means.mean(axis=1)[:, None]
    slope = (spread * (means - mean)[:, None, :]).sum(axis=2) / (spread**2).sum(axis=2)
    b = np.maximum(0.0, -slope)
    a = mean + b * falls.mean(axis=2)
    capped = ((1 - means)[:, None, :] * falls).sum(axis=2) / (falls**2).sum(axis=2)
    b = np.where(a > 1, np.maximum(0.0, capped), b)
    a = np.clip(a, 0.0, 1.0)
    error = ((a[:, :, None] - b[:, :, None] * falls - means[:, None, :]) ** 2).sum(axis=2)
    return a, b, error


def _doubts(
    sizes: Floats, means: Floats, curve: Curve, more: float, interval: tuple[float, float], cases: int
) -> list[str]:
    found = []
    if len(sizes) < LEAST_SIZES:
        found.append(f"only {len(sizes)} sizes were tried")
    if cases < 10:
        found.append(f"only {cases} test case{'s' if cases > 1 else ''}")
    if curve.b <= 0 or means[-1] <= means[0]:
        found.append("more cases did not help here")
    elif math.isfinite(more) and more > FAR * sizes[-1]:
        found.append(f"it lies more than {FAR:g} times beyond what was tried")
    low, high = interval
    if math.isfinite(more) and (math.isinf(high) or high > WIDE * max(low, 1.0)):
        found.append("the interval is very wide")
    wobble = float(np.sqrt(np.mean((curve.a - curve.b * sizes**-curve.c - means) ** 2)))
    if wobble > 0.03:
        found.append(f"the points lie {wobble:.2f} off the curve")
    return found


def sizes_up_to(cases: int, wanted: Sequence[int] = ()) -> list[int]:
    """1, 2, 4, … and all `cases`; or those wanted that there are."""
    if wanted:
        return sorted({min(size, cases) for size in wanted if size >= 1})
    doubled = [2**power for power in range(cases.bit_length()) if 2**power < cases]
    return [*doubled, cases]
