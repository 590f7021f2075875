"""Is it the prompts? What a tuned model gains over the base model, and how much of it the upsampler alone reaches.

Three runs on the same data, seed and budget are scored on the same cases: zero-shot (Z), upsampler only (U), tuned (T).
The gain T - Z is U - Z, what a few numbers behind the decoder reach without prompts, plus T - U, what the prompts add.
Differences are means over pairs of case and label, paired, with bootstrap intervals over cases or patients
(`engine.runs.statistics`). A share, (U - Z) / (T - Z), is said only where the interval of the gain lies above 0: of a
gain that may be none, no part is a share. Its interval comes from the same draws: both differences of a draw are of the
same cases. A share may lie below 0 (the upsampler alone does harm) or above 1 (it does better alone).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.runs.statistics import LEAST_CLUSTERS, RESAMPLES, Comparison, Interval, compare, mean_interval


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the gain, 1 is all of it; the interval holds 95 % of the draws."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gain:
    """Mean scores of the three runs, the three differences, and the shares where these can be said."""

    zero_shot: Interval
    upsampler: Interval
    tuned: Interval
    whole: Comparison  # tuned - zero-shot
    by_upsampler: Comparison  # upsampler only - zero-shot
    by_prompts: Comparison  # tuned - upsampler only
    share: Share | None  # of the upsampler; the prompts have the rest

    def to_values(self) -> dict[str, Any]:
        rows = {"zero_shot": self.zero_shot, "upsampler_only": self.upsampler, "tuned": self.tuned}
        parts = {"whole": self.whole, "by_upsampler": self.by_upsampler, "by_prompts": self.by_prompts}
        share = self.share
        return {
            "dice": {name: _row(interval) for name, interval in rows.items()},
            "differences": {name: {**_row(c.difference), "verdict": c.verdict} for name, c in parts.items()},
            "share": None if share is None else {"upsampler": share.value, "low": share.low, "high": share.high},
            "pairs": self.tuned.n,
            "cases": self.tuned.clusters,
            "words": in_words(self),
        }


def split_gain(
    zero_shot: Sequence[float],
    upsampler: Sequence[float],
    tuned: Sequence[float],
    clusters: Sequence[Hashable],
    seed: int = 0,
) -> Gain:
    """From Dice of the same pairs (n,) in the same order; `clusters` (n,) names the case or patient of each."""
    z, u, t = (np.asarray(values, np.float64) for values in (zero_shot, upsampler, tuned))
    whole = compare(z, t, clusters, seed=seed)
    return Gain(
        mean_interval(z, clusters, seed=seed),
        mean_interval(u, clusters, seed=seed),
        mean_interval(t, clusters, seed=seed),
        whole,
        compare(z, u, clusters, seed=seed),
        compare(u, t, clusters, seed=seed),
        _share(u - z, t - z, clusters, seed) if whole.verdict == "different" and whole.difference.low > 0 else None,
    )


def _share(part: np.ndarray[Any, Any], whole: np.ndarray[Any, Any], clusters: Sequence[Hashable], seed: int) -> Share:
    places: dict[Hashable, int] = {}
    index = np.array([places.setdefault(name, len(places)) for name in clusters])
    parts, wholes = (np.bincount(index, values, len(places)) for values in (part, whole))
    drawn = np.random.default_rng(seed).integers(0, len(places), (RESAMPLES, len(places)))
    tops, bottoms = parts[drawn].sum(axis=1), wholes[drawn].sum(axis=1)
    shares = tops[bottoms > 0] / bottoms[bottoms > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    return Share(float(part.sum() / whole.sum()), float(low), float(high))


def in_words(gain: Gain) -> str:
    """What follows, for a person."""
    whole, prompts, share = gain.whole, gain.by_prompts, gain.share
    told = f"Over zero-shot the run gains {_interval(whole.difference)} of Dice."
    if whole.verdict == "too few cases":
        return f"{told} {whole.difference.clusters} cases are too few to split it ({LEAST_CLUSTERS} at least)."
    if share is None:
        return f"{told} That is no gain that these cases can show: there is nothing to split."
    by_prompts = f"The prompts add {_interval(prompts.difference)}"
    reached = f"the upsampler alone reaches {share.value:.0%} of that ({share.low:.0%} to {share.high:.0%})"
    if prompts.verdict == "different" and prompts.difference.mean > 0:
        return f"{told} {_capital(reached)}. {by_prompts}: {1 - share.value:.0%} of the gain is due to them."
    if prompts.verdict == "different":
        return f"{told} It is not the prompts: {reached}. {by_prompts}: they cost some of it."
    return f"{told} {_capital(reached)}. {by_prompts}: these cases do not show that they add anything."


def _interval(found: Interval) -> str:
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})" if found.known else f"{found.mean:.3f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _row(found: Interval) -> dict[str, float | None]:
    known = found.known
    return {
        "mean": found.mean if found.n else None,
        "low": found.low if known else None,
        "high": found.high if known else None,
    }
