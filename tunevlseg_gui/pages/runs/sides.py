"""What is compared: runs, those that differ in their seed alone taken together; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.contract.errors import EngineError
from engine.runs.comparison import averaged
from engine.runs.reader import Run
from engine.runs.scores import HIGHER_IS_BETTER, Evaluation, Pairs, evaluations, paired
from engine.runs.statistics import Comparison, compare
from tunevlseg_gui.pages.runs.run_rows import RunRow


@dataclass(frozen=True)
class Side:
    """One run, or several that repeat one another; `curves` are the validation Dice by epoch of each."""

    name: str
    folders: tuple[Path, ...]
    recipe: dict[str, Any]
    curves: tuple[tuple[tuple[float, float], ...], ...]
    scores: dict[str, Evaluation]  # by the evaluation's name
    repeats: int = 1

    @property
    def title(self) -> str:
        """`polyps vpt × 3` where there are several."""
        return self.name if self.repeats == 1 else f"{self.name} × {self.repeats}"


def read_sides(rows: Sequence[RunRow]) -> list[Side]:
    """The runs as sides, in their order; runs that are gone or damaged are left out."""
    groups: dict[str, list[RunRow]] = {}
    for row in rows:
        groups.setdefault(row.same or row.key, []).append(row)
    sides = []
    for group in groups.values():
        runs = []
        for row in group:
            try:
                runs.append(Run.open(row.folder))
            except EngineError:
                continue
        if runs:
            sides.append(_side(runs))
    return _told_apart(sides)


def _side(runs: list[Run]) -> Side:
    curves = tuple(
        tuple((row["epoch"], row["val_dice"]) for row in run.metrics if row.get("val_dice") == row.get("val_dice"))
        for run in runs
    )
    found: dict[str, list[Evaluation]] = {}
    for run in runs:
        for one in evaluations(run.folder):
            found.setdefault(one.name, []).append(one)
    scores = {name: averaged(several) for name, several in found.items()}
    return Side(runs[0].name, tuple(run.folder for run in runs), runs[0].recipe, curves, scores, len(runs))


def _told_apart(sides: list[Side]) -> list[Side]:
    """Where names are the same, folders are told too."""
    names = [side.name for side in sides]
    return [
        Side(
            f"{side.name} ({side.folders[0].name})" if names.count(side.name) > 1 else side.name,
            side.folders,
            side.recipe,
            side.curves,
            side.scores,
            side.repeats,
        )
        for side in sides
    ]


@dataclass(frozen=True)
class Outcome:
    """Two sides on the same cases; `labels`: label → its own comparison with both means."""

    pairs: Pairs
    found: Comparison
    labels: tuple[tuple[str, float, float, int, Comparison], ...]
    metric: str


def outcome(first: Side, second: Side, evaluation: str, metric: str, label: str) -> Outcome | None:
    """None where one of them lacks the evaluation."""
    one, other = first.scores.get(evaluation), second.scores.get(evaluation)
    if one is None or other is None:
        return None
    pairs = paired(one, other, metric, label)
    labels = []
    for name in one.labels:
        mine = paired(one, other, metric, name)
        if mine.keys:
            means = [sum(values) / len(values) for values in (mine.first, mine.second)]
            labels.append((name, means[0], means[1], len(mine.keys), compare(mine.first, mine.second, mine.clusters)))
    return Outcome(pairs, compare(pairs.first, pairs.second, pairs.clusters), tuple(labels), metric)


def better(metric: str, difference: float) -> bool:
    """Whether the second side is the better one."""
    return (difference > 0) == HIGHER_IS_BETTER[metric]
