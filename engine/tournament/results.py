"""What a tournament found: a row for each cell, and means with intervals, groups and paired comparisons.

Dice of a row on a dataset: the mean over (case, label) pairs of the test images, over all seeds; its interval draws
whole cases (or patients), so that seeds of one case are not taken for new cases. `sd`: over those pairs, as published
tables have it; `seed_sd`: of the means of the seeds, where there are several.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.contract.errors import InputError
from engine.contract.whole_file import write_text
from engine.runs.scores import Evaluation, read_evaluation
from engine.runs.statistics import RESAMPLES, Comparison, compare, mean_interval
from engine.tournament.matrix import GROUPS, SIDES, Cell, Matrix, cells, shown_model

CELL_FILE: Final = "cell.json"
MOST_RESAMPLES: Final = 50_000
KINDS: Final = {"text": "text prompts", "image": "visual prompts", "both": "multimodal prompts"}


@dataclass(frozen=True, slots=True)
class CellResult:
    """A finished cell. `state` done | impossible | failed; `why` says more of the latter two."""

    dataset: str
    model: str
    row: str
    strategy: str
    seed: int
    state: str
    why: str = ""
    dice: float | None = None
    dice_positive: float | None = None
    val_dice: float | None = None
    learned: int = 0
    seconds: float = 0.0
    bytes: int = 0
    trials: int = 0
    scores: str = ""
    """Path of scores.csv, relative to the tournament's folder."""
    settings: dict[str, Any] | None = None
    """Settings of the best trial, where there was a search."""

    def write(self, folder: Path) -> None:
        write_text(folder / CELL_FILE, json.dumps(asdict(self), indent=1))


def read_cell(folder: Path) -> CellResult | None:
    """The result in a cell's folder; None where it is not finished."""
    try:
        return CellResult(**json.loads((folder / CELL_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the tables on one dataset with one model: all seeds together. NaN where nothing is known."""

    model: str
    row: str
    strategy: str
    dataset: str
    seeds: int
    n: int
    dice: float
    low: float
    high: float
    sd: float
    seed_sd: float
    positive: float
    learned: int
    seconds: float
    bytes: int
    why: str = ""
    """Why there is nothing, or of some seeds nothing."""


class Results:
    """Everything that the tables need, read from a tournament's folder as it is now."""

    def __init__(self, folder: Path, matrix: Matrix) -> None:
        self.folder, self.matrix = folder, matrix
        self.cells: dict[Cell, CellResult] = {}
        for cell in cells(matrix):
            found = read_cell(folder / cell.folder)
            if found is not None:
                self.cells[cell] = found
        self._scores: dict[Cell, Evaluation] = {}
        for cell, result in self.cells.items():
            if result.state == "done" and result.scores:
                try:
                    self._scores[cell] = read_evaluation(folder / result.scores)
                except InputError:
                    continue

    @property
    def finished(self) -> int:
        return len(self.cells)

    def lines(self) -> list[tuple[str, str]]:
        """(model, row) in the matrix' order."""
        return list(dict.fromkeys((cell.model, cell.row.id) for cell in cells(self.matrix)))

    def of(self, model: str, row: str, dataset: str) -> list[Cell]:
        """The finished cells of one place, a seed each."""
        return [cell for cell in self.cells if (cell.model, cell.row.id, cell.dataset) == (model, row, dataset)]

    def place(self, model: str, row: str, dataset: str) -> Place:
        """Means over seeds and cases; NaN where no seed is done."""
        there = self.of(model, row, dataset)
        done = [cell for cell in there if cell in self._scores]
        results = [self.cells[cell] for cell in done]
        why = "; ".join(dict.fromkeys(self.cells[cell].why for cell in there if self.cells[cell].why))
        strategy = there[0].row.strategy if there else row
        if not done:
            nothing = math.nan
            return Place(
                model,
                row,
                strategy,
                dataset,
                0,
                0,
                nothing,
                nothing,
                nothing,
                nothing,
                nothing,
                nothing,
                0,
                0.0,
                0,
                why,
            )
        values, clusters = self._values(done)
        found = mean_interval(values, clusters)
        seeds = [float(np.mean([row.dice for row in self._scores[cell].rows])) for cell in done]
        positive = [r.dice for cell in done for r in self._scores[cell].rows if r.truth_pixels]
        return Place(
            model=model,
            row=row,
            strategy=strategy,
            dataset=dataset,
            seeds=len(done),
            n=found.n,
            dice=found.mean,
            low=found.low,
            high=found.high,
            sd=float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
            seed_sd=float(np.std(seeds, ddof=1)) if len(seeds) > 1 else math.nan,
            positive=float(np.mean(positive)) if positive else math.nan,
            learned=max(result.learned for result in results),
            seconds=float(np.mean([result.seconds for result in results])),
            bytes=max(result.bytes for result in results),
            why=why,
        )

    def _values(self, done: Iterable[Cell]) -> tuple[list[float], list[str]]:
        """Dice of each (case, label) pair, and which case or patient it belongs to, whatever the seed."""
        values, clusters = [], []
        for cell in done:
            evaluation = self._scores[cell]
            for row in evaluation.rows:
                values.append(row.dice)
                clusters.append(evaluation.cluster(row.case))
        return values, clusters

    def places(self) -> list[Place]:
        return [self.place(model, row, dataset) for model, row in self.lines() for dataset in self.matrix.datasets]

    def notes(self) -> list[str]:
        """Which of the datasets are drawn."""
        drawn = [
            name
            for name in self.matrix.datasets
            if any(cell.dataset == name and scores.about.get("synthetic") for cell, scores in self._scores.items())
        ]
        return [f"Drawn (synthetic) images: {', '.join(drawn)}."] if drawn else []

    # -- groups --------------------------------------------------------------------------------------------------

    def group_means(self) -> list[dict[str, Any]]:
        """For each line: the mean of its datasets' means in each group of datasets and over all; NaN where one of them
        is missing, since means over other datasets cannot be compared."""
        found = []
        for model, row in self.lines():
            means = {name: self.place(model, row, name).dice for name in self.matrix.datasets}
            values: dict[str, Any] = {"model": model, "row": row}
            for group in GROUPS:
                of = [means[name] for name, entry in self.matrix.datasets.items() if entry.group == group]
                values[group] = float(np.mean(of)) if of else math.nan
            values["all"] = float(np.mean(list(means.values())))
            found.append(values)
        return found

    def kinds(self) -> list[dict[str, Any]]:
        """Text against image, unimodal against multimodal: the mean of what is compared on the same dataset and model,
        and a paired comparison over these pairs of means. Models on one dataset are not independent: whole datasets are
        drawn, and a verdict needs ten of them."""
        return [
            self._kinds("text prompts", {"text"}, "visual prompts", {"image"}),
            self._kinds("unimodal prompts", {"text", "image"}, "multimodal prompts", {"both"}),
        ]

    def _kinds(self, one: str, sides: set[str], other: str, others: set[str]) -> dict[str, Any]:
        first, second, clusters = [], [], []
        for model in self.matrix.models:
            for dataset in self.matrix.datasets:
                mine, theirs = self._side(model, dataset, sides), self._side(model, dataset, others)
                if math.isfinite(mine) and math.isfinite(theirs):
                    first.append(mine)
                    second.append(theirs)
                    clusters.append(dataset)
        told = _told(compare(first, second, clusters) if first else None)
        if told["verdict"] == "too few cases":
            told["verdict"] = "too few datasets"
        return {
            "first": one,
            "second": other,
            "places": len(first),
            "first_dice": _mean(first),
            "second_dice": _mean(second),
            **told,
        }

    def _side(self, model: str, dataset: str, sides: set[str]) -> float:
        means = [
            self.place(model, row, dataset).dice
            for of, row in self.lines()
            if of == model and SIDES.get(self._strategy(model, row), "control") in sides
        ]
        return _mean(means)

    def _strategy(self, model: str, row: str) -> str:
        return next(cell.row.strategy for cell in cells(self.matrix) if (cell.model, cell.row.id) == (model, row))

    # -- pairs ---------------------------------------------------------------------------------------------------

    def comparisons(self) -> list[dict[str, Any]]:
        """On each dataset the best line against each other one, paired by case.

        Which line is the best is chosen by the same scores: any pair might have become one that is compared, so that
        Bonferroni's correction counts all pairs of lines, not only those with the best. The bootstrap draws so often
        that ten draws lie beyond each end, up to MOST_RESAMPLES.
        """
        found = []
        for dataset in self.matrix.datasets:
            there = [self.place(model, row, dataset) for model, row in self.lines()]
            known = [place for place in there if math.isfinite(place.dice)]
            if len(known) < 2:
                continue
            best = max(known, key=lambda place: place.dice)
            for place in known:
                if place is best:
                    continue
                outcome = self._compare(best, place, 0.05 / math.comb(len(known), 2))
                found.append(
                    {
                        "dataset": dataset,
                        "best": f"{shown_model(best.model)} {best.row}",
                        "other": f"{shown_model(place.model)} {place.row}",
                        **_told(outcome),
                    }
                )
        return found

    def _compare(self, best: Place, other: Place, alpha: float) -> Comparison | None:
        mine = self._by_pair(best)
        theirs = self._by_pair(other)
        keys = [key for key in theirs if key in mine]
        if not keys:
            return None
        clusters = [mine[key][1] for key in keys]
        resamples = min(max(RESAMPLES, math.ceil(20 / alpha)), MOST_RESAMPLES)
        one, two = [theirs[key][0] for key in keys], [mine[key][0] for key in keys]
        return compare(one, two, clusters, level=1 - alpha, resamples=resamples)

    def _by_pair(self, place: Place) -> dict[tuple[int, str, str], tuple[float, str]]:
        return {
            (cell.seed, row.case, row.label): (row.dice, self._scores[cell].cluster(row.case))
            for cell in self.of(place.model, place.row, place.dataset)
            if cell in self._scores
            for row in self._scores[cell].rows
        }

    def front(self) -> list[dict[str, Any]]:
        """A point for each line that finished every dataset: mean Dice against learned numbers, seconds and size.

        `pareto`: no other line is at least as good in Dice and in learned numbers, and better in one of them.
        """
        points = []
        for model, row in self.lines():
            there = [self.place(model, row, name) for name in self.matrix.datasets]
            if not all(math.isfinite(place.dice) for place in there):
                continue
            points.append(
                {
                    "model": model,
                    "row": row,
                    "dice": _mean([place.dice for place in there]),
                    "learned": max(place.learned for place in there),
                    "seconds": _mean([place.seconds for place in there]),
                    "bytes": max(place.bytes for place in there),
                }
            )
        for point in points:
            point["pareto"] = not any(_beats(other, point) for other in points)
        return points


def _beats(other: dict[str, Any], point: dict[str, Any]) -> bool:
    as_good = other["dice"] >= point["dice"] and other["learned"] <= point["learned"]
    return bool(as_good and (other["dice"] > point["dice"] or other["learned"] < point["learned"]))


def _told(found: Comparison | None) -> dict[str, Any]:
    if found is None:
        return {"difference": math.nan, "low": math.nan, "high": math.nan, "verdict": "nothing to compare"}
    interval = found.difference
    return {"difference": interval.mean, "low": interval.low, "high": interval.high, "verdict": found.verdict}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan
