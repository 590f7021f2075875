"""Scores of a split, per case and label, at the size that a person sees; for a tuned model or a bundle alike.

Probabilities are enlarged to the slice's own size (bicubic, as published) and cut at the threshold there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.events import Log
from engine.data.dataset import SliceDataset
from engine.training.case_score import CaseTally, Score, Surface
from engine.training.surfaces import DEFAULT_TOLERANCE, surfaces_available
from engine.volumes.preprocess import probability_to_slice

__all__ = ["Answer", "Score", "Surface", "bootstrap_interval", "score", "scores_csv", "summarise"]

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Images uint8 (B, S, S, 3) at model size → probabilities float32 (B, L, S, S), one for each label of the dataset."""

BATCH = 16
RESAMPLES = 2000
METRICS = ("dice", "iou", "hd95", "nsd")
NO_SURFACES = "HD95 and surface Dice are left out: they need MONAI, which the extra `tune` installs."


def score(
    answer: Answer,
    dataset: SliceDataset,
    threshold: float,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
    tolerance: float = DEFAULT_TOLERANCE,
) -> list[Score]:
    """A score for every case and label whose truth is known, in the dataset's order; void pixels count for nothing.

    `tolerance` of the surface Dice: millimetres, pixels for pictures. Without MONAI there are no surface metrics, which
    a warning tells. Raises Cancelled.
    """
    measured = surfaces_available()
    if not measured:
        emit(Log(job_id, NO_SURFACES, "warning"))
    found: list[Score] = []
    tallies: list[CaseTally] = []
    ticker = Ticker(emit, job_id, len(dataset), "images", "scoring")
    originals = dataset.originals(cancel)
    for start in range(0, len(dataset), BATCH):
        cancel.check()
        for row in answer(dataset.images[start : start + BATCH]):
            original = next(originals)
            if not tallies or tallies[0].case != original.case_id:
                found += [tally.score() for tally in tallies if tally.slices]
                names = dataset.table.names
                tallies = [CaseTally(original.case_id, name, tolerance if measured else None) for name in names]
            counted = True if original.ignored is None else ~original.ignored
            for at, (probability, mask, tally) in enumerate(zip(row, original.masks, tallies, strict=True)):
                if original.present is not None and not original.present[at]:
                    continue
                shown = probability_to_slice(probability, (mask.shape[0], mask.shape[1]))
                tally.add(original, (mask > 0) & counted, (shown >= threshold) & counted)
            ticker.step()
    return [*found, *(tally.score() for tally in tallies if tally.slices)]


def summarise(scores: list[Score], seed: int = 0) -> list[dict[str, Any]]:
    """A dictionary per label, and one over all (`label` "all") where there are several.

    `n` (case, label) pairs of `cases` cases, `positives` of them with the label in the truth. For each of `dice`,
    `iou`, `hd95`, `nsd`: NAME the mean over pairs, NAME_sd their standard deviation (n − 1), NAME_low and NAME_high the
    95 % bootstrap interval of the mean over cases, NAME_positive the mean over pairs with the label in the truth.
    `dataset_iou`: of all pixels together. `hd95_missing`: pairs without an HD95, left out of its mean. `unit` of HD95:
    mm, px, or mixed, where a mean would say nothing and is None. None stands for what cannot be said.
    """
    labels = list(dict.fromkeys(score.label for score in scores))
    groups = [(label, [score for score in scores if score.label == label]) for label in labels]
    if len(labels) > 1:
        groups.append(("all", scores))
    return [_summary(label, group, seed) for label, group in groups]


def _summary(label: str, scores: list[Score], seed: int) -> dict[str, Any]:
    positives = [score for score in scores if score.truth_pixels]
    units = {score.surface.unit for score in scores if score.surface is not None}
    union = sum(score.union for score in scores)
    row: dict[str, Any] = {
        "label": label,
        "n": len(scores),
        "cases": len({score.case for score in scores}),
        "positives": len(positives),
        "dataset_iou": sum(score.overlap for score in scores) / union if union else 1.0,
        "unit": None if not units else "mixed" if len(units) > 1 else units.pop(),
        "hd95_missing": sum(score.surface is not None and score.surface.hd95 is None for score in scores),
    }
    for name in METRICS:
        comparable = name != "hd95" or row["unit"] != "mixed"
        row |= _metric(name, scores if comparable else [], seed)
        row[f"{name}_positive"] = _mean([getattr(score, name) for score in positives if comparable])
    return row


def _metric(name: str, scores: list[Score], seed: int) -> dict[str, float | None]:
    known = [(score.case, float(getattr(score, name))) for score in scores if getattr(score, name) is not None]
    values = [value for _, value in known]
    # Labels of one case are no independent samples: the interval is over cases.
    by_case: dict[str, list[float]] = {}
    for case, value in known:
        by_case.setdefault(case, []).append(value)
    low, high = bootstrap_interval(np.array([np.mean(one) for one in by_case.values()]), seed)
    several = len(by_case) > 1
    return {
        name: _mean(values),
        f"{name}_sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        f"{name}_low": low if several else None,
        f"{name}_high": high if several else None,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def bootstrap_interval(values: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the mean over `values` (n,) by resampling; NaN for none."""
    if len(values) == 0:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def scores_csv(scores: list[Score]) -> str:
    """The text of scores.csv. An empty `hd95` is undefined; `unit`, `dimensions` and `undefined` as in `Surface`."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow("case label dice iou slices truth_pixels answer_pixels hd95 nsd unit dimensions undefined".split())
    for item in scores:
        counts = [item.slices, item.truth_pixels, item.answer_pixels]
        surface = item.surface
        borders = (
            [""] * 5
            if surface is None
            else [_six(surface.hd95), _six(surface.nsd), surface.unit, surface.dimensions, surface.undefined]
        )
        rows.writerow([item.case, item.label, _six(item.dice), _six(item.iou), *counts, *borders])
    return text.getvalue()


def _six(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
