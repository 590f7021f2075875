"""What a run folder tells for a report; plain values, nothing that names a person."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.bundle.reader import Bundle
from engine.bundle.verdict import verdict
from engine.contract.errors import EngineError
from engine.runs import layout
from engine.runs.reader import Run, read_labels
from engine.runs.scores import Evaluation, evaluations


@dataclass(frozen=True)
class Example:
    """A case with its picture; `image` is a data URI."""

    rank: str  # best | median | worst
    case: str
    dice: float
    image: str = ""


@dataclass(frozen=True)
class RunFacts:
    """One run; `scores` pairs each evaluation with its summary rows."""

    run: Run
    scores: tuple[tuple[Evaluation, list[dict[str, Any]]], ...]
    labels: list[dict[str, str]]
    environment: dict[str, Any]
    changes: tuple[dict[str, Any], ...]
    bundles: tuple[tuple[str, str], ...]  # file name, verdict
    synthetic: bool
    data: dict[str, Any] = field(default_factory=dict)  # counts of the dataset; empty where it is gone
    examples: tuple[Example, ...] = ()
    no_examples: str = ""

    @property
    def main(self) -> tuple[Evaluation, list[dict[str, Any]]] | None:
        """The evaluation that counts: the test split of the run's own data, else the first there is."""
        return next((one for one in self.scores if one[0].name == "test"), next(iter(self.scores), None))

    @property
    def dice(self) -> dict[str, Any] | None:
        """The summary row over all labels of the evaluation that counts."""
        return self.main[1][-1] if self.main and self.main[1] else None


def facts_of(folder: Path) -> RunFacts:
    """Raises InputError for a folder that holds no run."""
    run = Run.open(folder)
    known = read_labels(folder)
    return RunFacts(
        run=run,
        scores=tuple((one, one.summary()) for one in evaluations(folder)),
        labels=_labels(known.get("labels")),
        environment=_environment(folder),
        changes=_changes(folder),
        bundles=_bundles(folder),
        synthetic=bool(known.get("synthetic")),
    )


def _labels(found: Any) -> list[dict[str, str]]:
    """Name and phrase of each, whatever else the file holds."""
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return [{"name": str(row.get("name") or "–"), "phrase": str(row.get("phrase") or "–")} for row in rows]


def _environment(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / layout.ENVIRONMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _changes(folder: Path) -> tuple[dict[str, Any], ...]:
    """Lines of changes.jsonl; half a line after a power cut is passed over."""
    try:
        lines = (folder / layout.CHANGES).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            found.append(row)
    return tuple(found)


def _bundles(folder: Path) -> tuple[tuple[str, str], ...]:
    paths = sorted([*folder.glob("*.vlseg"), *(path.parent for path in folder.glob("*/bundle.yaml"))])
    found = []
    for path in paths:
        try:
            found.append((path.name, verdict(Bundle.open(path).manifest)))
        except (EngineError, OSError):
            found.append((path.name, "cannot be read"))
    return tuple(found)


def examples_of(evaluation: Evaluation) -> list[Example]:
    """The best, median and worst case by its mean Dice over labels; fewer where there are fewer cases."""
    by_case: dict[str, list[float]] = {}
    for row in evaluation.rows:
        by_case.setdefault(row.case, []).append(row.dice)
    ranked = sorted((sum(values) / len(values), case) for case, values in by_case.items())
    if not ranked:
        return []
    places = {"worst": 0, "median": (len(ranked) - 1) // 2, "best": len(ranked) - 1}
    chosen = {at: rank for rank, at in places.items()}
    return [Example(rank, ranked[at][1], ranked[at][0]) for at, rank in sorted(chosen.items(), reverse=True)]
