"""Scores of a split, per case and label, at the size that a person sees; for a tuned model or a bundle alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit, Ticker
from engine.data.dataset import SliceDataset
from engine.volumes.preprocess import probability_to_slice

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Images uint8 (B, S, S, 3) at model size → probabilities float32 (B, L, S, S), one for each label of the dataset."""

BATCH = 16
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """One label in one case. Pixels are counted over all its slices; both empty gives Dice and IoU of 1."""

    case: str
    label: str
    slices: int
    truth_pixels: int
    answer_pixels: int
    overlap: int

    @property
    def dice(self) -> float:
        total = self.truth_pixels + self.answer_pixels
        return 2 * self.overlap / total if total else 1.0

    @property
    def iou(self) -> float:
        union = self.truth_pixels + self.answer_pixels - self.overlap
        return self.overlap / union if union else 1.0


def score(
    answer: Answer, dataset: SliceDataset, threshold: float, emit: Emit, cancel: CancelToken, job_id: str
) -> list[Score]:
    """A score for every case and label, in the dataset's order."""
    counts: dict[tuple[str, str], list[int]] = {}
    ticker = Ticker(emit, job_id, len(dataset), "images", "scoring")
    originals = dataset.originals(cancel)
    for start in range(0, len(dataset), BATCH):
        cancel.check()
        probabilities = answer(dataset.images[start : start + BATCH])
        for row in probabilities:
            original = next(originals)
            for at, name in enumerate(dataset.table.names):
                truth = original.masks[at] > 0
                found = probability_to_slice(row[at], (truth.shape[0], truth.shape[1])) >= threshold
                here = counts.setdefault((original.case_id, name), [0, 0, 0, 0])
                for slot, value in enumerate((1, truth.sum(), found.sum(), (truth & found).sum())):
                    here[slot] += int(value)
            ticker.step()
    return [Score(case, label, *values) for (case, label), values in counts.items()]


def summarise(scores: list[Score], seed: int = 0) -> list[dict[str, Any]]:
    """Per label and over all: n, mean Dice with its 95 % bootstrap interval over cases, Dice where present, IoU."""
    labels = list(dict.fromkeys(score.label for score in scores))
    groups = [(label, [score for score in scores if score.label == label]) for label in labels]
    if len(labels) > 1:
        groups.append(("all", scores))
    return [_summary(label, group, seed) for label, group in groups]


def _summary(label: str, scores: list[Score], seed: int) -> dict[str, Any]:
    dice = np.array([score.dice for score in scores])
    # Labels of one case are no independent samples: the interval is over cases.
    by_case: dict[str, list[float]] = {}
    for score in scores:
        by_case.setdefault(score.case, []).append(score.dice)
    cases = np.array([np.mean(values) for values in by_case.values()])
    present = np.array([score.dice for score in scores if score.truth_pixels])
    low, high = bootstrap_interval(cases, seed)
    return {
        "label": label,
        "n": len(scores),
        "dice": float(dice.mean()) if len(dice) else None,
        "dice_low": low,
        "dice_high": high,
        "dice_positive": float(present.mean()) if len(present) else None,
        "iou": float(np.mean([score.iou for score in scores])) if scores else None,
    }


def bootstrap_interval(values: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the mean over `values` (n,) by resampling; NaN for none."""
    if len(values) == 0:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def scores_csv(scores: list[Score]) -> str:
    """The text of scores.csv."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["case", "label", "dice", "iou", "slices", "truth_pixels", "answer_pixels"])
    for item in scores:
        rows.writerow(
            [
                item.case,
                item.label,
                f"{item.dice:.6f}",
                f"{item.iou:.6f}",
                item.slices,
                item.truth_pixels,
                item.answer_pixels,
            ]
        )
    return text.getvalue()
