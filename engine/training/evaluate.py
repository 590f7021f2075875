"""Scores of a split, per case and label, at the size that a person sees; for a tuned model or a bundle alike.

Probabilities are enlarged to the slice's own size (bicubic, as published) and cut at the threshold there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.events import Log
from engine.data.dataset import SliceDataset
from engine.runs.scores import summarise
from engine.training.case_score import CaseTally, Score, Surface
from engine.training.surfaces import DEFAULT_TOLERANCE, surfaces_available
from engine.volumes.preprocess import probability_to_slice

__all__ = ["Answer", "Score", "Surface", "score", "scores_csv", "summarise"]

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Images uint8 (B, S, S, 3) at model size → probabilities float32 (B, L, S, S), one for each label of the dataset."""

BATCH = 16
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
