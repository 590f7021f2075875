"""Does the phrase matter? A tuned model is asked control phrases in place of its own, and the masks are compared.

For each validation image and each of its labels, the mask for the label's phrase is compared with the masks for its
control phrases (nonsense, an unrelated thing, the opposite, another label's). Two things are measured, paired within
the image: how much of the Dice is lost, and how far the two masks agree (Dice of one with the other, where any of them
marks something). Means are over images; intervals are BCa bootstraps over cases (`engine.runs.statistics`).

The rule:

- **no**: the words decide nothing that shows. Whatever is said, masks agree to SAME (0.95) or better, and the interval
  of the Dice that is lost ends below NO_LOSS (0.02). Two runs that differ in their seed alone are about 0.01 apart
  (ARCHITECTURE, tuning), so a loss below twice that is none; two masks of 0.95 differ along their border only.
- **yes**: other words cost at least YES_SHARE (half) of the Dice, and the interval of the loss begins above NO_LOSS.
  The greater part of what the model finds, it then finds because of the words.
- **weakly**: anything between.
- **unclear**: own phrases find nearly nothing (Dice below LEAST_DICE, 0.1), or there are no answers to compare: then
  nothing can be lost. A model whose probabilities do not move at all is told "no" even then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.insight.control_phrases import KINDS, Kind, controls_for
from engine.runs.statistics import LEAST_CLUSTERS, Interval, mean_interval

SAME: Final = 0.95
NO_LOSS: Final = 0.02
YES_SHARE: Final = 0.5
LEAST_DICE: Final = 0.1
STILL: Final = 1e-5
"""Probabilities that moved less than this did not move: it is the rounding of single precision."""
RULE: Final = (
    f"no: masks agree to {SAME} or better whatever is said, and less than {NO_LOSS} of Dice is lost. yes: other words "
    f"cost at least {YES_SHARE:.0%} of the Dice. weakly: between. unclear: the model's own phrases find nearly nothing."
)

Verdict = Literal["yes", "weakly", "no", "unclear"]
Ask = Callable[[Sequence[str], Sequence[int]], NDArray[np.float32]]
"""Phrases and the labels that they stand for → probabilities (n, P, S, S), as `KeptImages.ask`."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelPhrase:
    """A label that is looked at; `index` says whose learned words it takes."""

    name: str
    phrase: str
    index: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One label of one image under one kind of control; means over the controls of the kind.

    `own`, `other`: Dice with the truth, None where the truth is empty or unknown; `agreement`: Dice of the two masks,
    None where both are empty.
    """

    case: str
    label: str
    kind: Kind
    own: float | None
    other: float | None
    agreement: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of the masks. `moved`: largest change of any probability; `controls`: label → kind → phrases."""

    pairs: tuple[Pair, ...]
    moved: float
    controls: dict[str, dict[str, list[str]]]

    @classmethod
    def joined(cls, effects: Sequence[Effect]) -> Effect:
        """The same labels on several sets of images, at least one."""
        pairs = tuple(pair for effect in effects for pair in effect.pairs)
        return cls(pairs, max(effect.moved for effect in effects), effects[0].controls)


def measure(
    ask: Ask,
    labels: Sequence[LabelPhrase],
    cases: Sequence[str],
    masks: NDArray[np.uint8],
    known: Bools,
    *,
    threshold: float = 0.5,
    seed: int = 0,
    step: Callable[[], None] = lambda: None,
) -> Effect:
    """Asks own and control phrases on n images of `cases` (n,); `masks` 0/1 (n, L, S, S), `known` (n, L): is the truth?

    `step` is called after each label.
    """
    pairs: list[Pair] = []
    told: dict[str, dict[str, list[str]]] = {}
    moved = 0.0
    for place, label in enumerate(labels):
        others = [one.phrase for one in labels if one is not label]
        controls = controls_for(label.phrase, others, seed)
        phrases = [label.phrase, *(control.phrase for control in controls)]
        answers = ask(phrases, [label.index] * len(phrases))
        moved = max(moved, float(np.abs(answers[:, 1:] - answers[:, :1]).max(initial=0.0)))
        marked = answers >= threshold
        for kind in KINDS:
            at = [1 + number for number, control in enumerate(controls) if control.kind == kind]
            if not at:
                continue
            told.setdefault(label.name, {})[kind] = [phrases[one] for one in at]
            for image, case in enumerate(cases):
                truth = masks[image, place] > 0 if known[image, place] else None
                pairs.append(_pair(case, label.name, kind, marked[image, 0], marked[image, at], truth))
        step()
    return Effect(tuple(pairs), moved, told)


def _pair(case: str, label: str, kind: Kind, own: Bools, others: Bools, truth: Bools | None) -> Pair:
    agreed = [dice(own, other) for other in others if own.any() or other.any()]
    shown = truth is not None and bool(truth.any())
    return Pair(
        case,
        label,
        kind,
        dice(own, truth) if shown and truth is not None else None,
        float(np.mean([dice(other, truth) for other in others])) if shown and truth is not None else None,
        float(np.mean(agreed)) if agreed else None,
    )


def dice(first: Bools, second: Bools) -> float:
    """2 |A ∩ B| / (|A| + |B|); 1 where both are empty."""
    total = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Summary:
    """Some pairs together. `lost`: own minus other Dice, with its interval; `share`: of the own Dice that is lost."""

    own: float
    other: float
    agreement: float
    lost: Interval
    share: float

    @classmethod
    def of(cls, pairs: Sequence[Pair], seed: int = 0) -> Summary:
        shown = [(pair.own, pair.other, pair.case) for pair in pairs if pair.own is not None and pair.other is not None]
        agreed = [pair.agreement for pair in pairs if pair.agreement is not None]
        own, other = _mean([row[0] for row in shown]), _mean([row[1] for row in shown])
        lost = mean_interval([row[0] - row[1] for row in shown], [row[2] for row in shown], seed=seed)
        share = (own - other) / own if own > 0 else math.nan
        return cls(own, other, _mean(agreed), lost, share)

    def to_values(self) -> dict[str, Any]:
        """Plain values; None where something cannot be said."""
        numbers = {
            "dice": self.own,
            "dice_other": self.other,
            "agreement": self.agreement,
            "lost": self.lost.mean,
            "lost_low": self.lost.low,
            "lost_high": self.lost.high,
            "share": self.share if self.own >= LEAST_DICE else math.nan,  # of next to nothing it says nothing
        }
        told = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        return {**told, "pairs": self.lost.n, "cases": self.lost.clusters}


def judge(effect: Effect, seed: int = 0) -> tuple[Verdict, str]:
    """The verdict by the rule above, and the numbers that it rests on, for a person."""
    if effect.moved < STILL:
        return "no", "Whatever is said, not one probability moves: the answer does not depend on the words at all."
    kinds = {kind: Summary.of(found, seed) for kind, found in by_kind(effect.pairs).items()}
    whole = Summary.of(effect.pairs, seed)
    agreement = [kind.agreement for kind in kinds.values() if math.isfinite(kind.agreement)]
    if not agreement or not math.isfinite(whole.own):
        return "unclear", "There are no masks to compare: neither the own nor other phrases find anything here."
    numbers = _in_words(whole)
    most = max(_upper(kind.lost) for kind in kinds.values())
    if min(agreement) >= SAME and most < NO_LOSS:
        return "no", numbers
    if whole.own < LEAST_DICE:
        return "unclear", f"The model's own phrases reach a Dice of {whole.own:.2f} only: there is nothing to lose."
    if whole.share >= YES_SHARE and _lower(whole.lost) > NO_LOSS:
        return "yes", numbers
    return "weakly", numbers


def by_kind(pairs: Sequence[Pair]) -> dict[Kind, list[Pair]]:
    found: dict[Kind, list[Pair]] = {}
    for kind in KINDS:
        mine = [pair for pair in pairs if pair.kind == kind]
        if mine:
            found[kind] = mine
    return found


def _in_words(whole: Summary) -> str:
    few = "" if whole.lost.clusters >= LEAST_CLUSTERS else f" Only {whole.lost.clusters} cases: read it with care."
    interval = f" ({whole.lost.low:.3f} to {whole.lost.high:.3f})" if whole.lost.known else ""
    if whole.lost.mean <= 0:
        return (
            f"With other words the Dice is {whole.other:.3f} in place of {whole.own:.3f}: nothing is lost{interval}. "
            f"Masks agree to {whole.agreement:.2f}.{few}"
        )
    return (
        f"With other words the Dice falls from {whole.own:.3f} to {whole.other:.3f}: {whole.lost.mean:.3f}{interval} "
        f"is lost, {max(whole.share, 0.0):.0%} of it. Masks agree to {whole.agreement:.2f}.{few}"
    )


def _upper(interval: Interval) -> float:
    return interval.high if interval.known else interval.mean if interval.n else -math.inf


def _lower(interval: Interval) -> float:
    return interval.low if interval.known else interval.mean


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
