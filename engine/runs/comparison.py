"""Runs side by side: the settings that differ, and scores of repetitions taken together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.runs.scores import CaseScore, Evaluation

ABSENT = "–"


def differing_settings(recipes: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Settings by their dotted paths with each recipe's value as text; only those that are not the same in all.

    Groups that only one strategy knows are there too; ABSENT stands for a setting that a recipe does not have.
    """
    flat = [dict(_flat(recipe)) for recipe in recipes]
    paths = list(dict.fromkeys(path for one in flat for path in one))
    rows = [(path, [one.get(path, ABSENT) for one in flat]) for path in paths]
    return [(path, values) for path, values in rows if len(set(values)) > 1]


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        whole = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping) and value:
            yield from _flat(value, whole)
        else:
            yield whole, _written(value)


def _written(value: Any) -> str:
    """As a recipe has it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return str(value)


def averaged(found: Sequence[Evaluation]) -> Evaluation:
    """Scores of repetitions (other seeds) as one: of each label of each case the mean over those that scored it.

    A metric that is undefined in some of them is averaged over the others. Raises ValueError for none.
    """
    if not found:
        raise ValueError("no evaluations")
    if len(found) == 1:
        return found[0]
    rows: dict[tuple[str, str], list[CaseScore]] = {}
    patients: dict[str, Any] = {}
    for one in found:
        for row in one.rows:
            rows.setdefault((row.case, row.label), []).append(row)
        # Patients are numbered over the whole dataset, so that its evaluations agree.
        patients |= dict(one.about.get("patients") or {})
    together = tuple(_mean_score(scores) for scores in rows.values())
    return Evaluation(Path(found[0].path), together, {**found[0].about, "patients": patients})


def _mean_score(scores: list[CaseScore]) -> CaseScore:
    def mean(name: str) -> float | None:
        known = [getattr(score, name) for score in scores if getattr(score, name) is not None]
        return float(np.mean(known)) if known else None

    first = scores[0]
    dice, iou = mean("dice"), mean("iou")
    return replace(
        first,
        dice=first.dice if dice is None else dice,
        iou=first.iou if iou is None else iou,
        hd95=mean("hd95"),
        nsd=mean("nsd"),
    )
