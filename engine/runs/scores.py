"""Scores of a run: each label of each case as scores.csv holds them, what is known of the evaluation, and their means.

An evaluation is a `scores*.csv` with a file beside it, `scores*.about.json`: split, data, tolerance, date, and which
cases belong to one patient (as numbers, without names). Those on the run's own data lie in the run folder, those on
other folders in `evaluations/` there.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.contract.errors import InputError
from engine.runs import layout
from engine.runs.statistics import mean_interval

METRICS = ("dice", "iou", "hd95", "nsd")
HIGHER_IS_BETTER = {"dice": True, "iou": True, "hd95": False, "nsd": True}
EMPTY_MASKS = (
    "An empty answer to an empty truth counts as right: Dice, IoU and surface Dice 1, HD95 0. Where only one of them "
    "is empty, Dice, IoU and surface Dice are 0 and HD95 is undefined: it is left out of the mean, and counted."
)


class Scored(Protocol):
    """One label in one case; None: not measured, or undefined."""

    @property
    def case(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def truth_pixels(self) -> int: ...
    @property
    def answer_pixels(self) -> int: ...
    @property
    def overlap(self) -> int: ...
    @property
    def dice(self) -> float: ...
    @property
    def iou(self) -> float: ...
    @property
    def hd95(self) -> float | None: ...
    @property
    def nsd(self) -> float | None: ...
    @property
    def unit(self) -> str:
        """Of HD95: mm | px; "" where no surface was measured."""
        ...


@dataclass(frozen=True, slots=True)
class CaseScore:
    """A row of scores.csv."""

    case: str
    label: str
    dice: float
    iou: float
    slices: int
    truth_pixels: int
    answer_pixels: int
    hd95: float | None = None
    nsd: float | None = None
    unit: str = ""

    @property
    def overlap(self) -> int:
        """Pixels of both masks; the file keeps six digits of the Dice, which is exact up to a million pixels."""
        return round(self.dice * (self.truth_pixels + self.answer_pixels) / 2)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of one split of one dataset."""

    path: Path
    rows: tuple[CaseScore, ...]
    about: dict[str, Any]

    @property
    def split(self) -> str:
        known = str(self.about.get("split") or "")
        return known or self.path.stem.partition("scores")[2].strip("-") or "test"

    @property
    def data(self) -> str:
        """The folder where it is not the run's own data, else ""."""
        return "" if self.about.get("own_data", True) else str(self.about.get("data") or "")

    @property
    def name(self) -> str:
        """`test`, or `other-folder: test`."""
        return f"{Path(self.data).name}: {self.split}" if self.data else self.split

    @property
    def tolerance(self) -> float | None:
        """Of the surface Dice; None where it is not known."""
        found = self.about.get("tolerance")
        return float(found) if isinstance(found, int | float) else None

    @property
    def labels(self) -> list[str]:
        return list(dict.fromkeys(row.label for row in self.rows))

    @property
    def cases(self) -> list[str]:
        return list(dict.fromkeys(row.case for row in self.rows))

    @property
    def knows_patients(self) -> bool:
        """Whether several cases of one patient are told apart from cases of several."""
        return bool(self.about.get("patients"))

    def cluster(self, case: str) -> str:
        """What is independent of the others: the case's patient where that is known, else the case."""
        patients = self.about.get("patients")
        patient = patients.get(case) if isinstance(patients, dict) else None
        return case if patient is None else f"patient {patient}"

    def summary(self) -> list[dict[str, Any]]:
        return summarise(self.rows, clusters={case: self.cluster(case) for case in self.cases})


def read_evaluation(path: Path) -> Evaluation:
    """The scores of a file; raises InputError for one that is no scores.csv."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = tuple(_row(row) for row in csv.DictReader(lines))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError(f"{path} holds no scores: {error}.", hint="Evaluate the run again.") from error
    return Evaluation(path, rows, _about(path))


def _row(row: dict[str, str]) -> CaseScore:
    return CaseScore(
        case=row["case"],
        label=row["label"],
        dice=_finite(row["dice"]),
        iou=_finite(row["iou"]),
        slices=int(row["slices"]),
        truth_pixels=int(row["truth_pixels"]),
        answer_pixels=int(row["answer_pixels"]),
        hd95=_number(row.get("hd95")),
        nsd=_number(row.get("nsd")),
        unit=row.get("unit") or "",
    )


def _number(text: str | None) -> float | None:
    return _finite(text) if text else None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no score")
    return value


def about_path(scores: Path) -> Path:
    return scores.with_suffix(".about.json")


def _about(scores: Path) -> dict[str, Any]:
    try:
        found = json.loads(about_path(scores).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def evaluations(run: Path) -> list[Evaluation]:
    """Every evaluation that a run keeps, the test split of its own data first; damaged ones are passed over."""
    own = sorted(run.glob(f"{Path(layout.SCORES).stem}*.csv"), key=lambda path: (path.name != layout.SCORES, path.name))
    other = sorted(run.glob(f"{layout.EVALUATIONS}/*/{Path(layout.SCORES).stem}*.csv"))
    found = []
    for path in (*own, *other):
        try:
            found.append(read_evaluation(path))
        except InputError:
            continue
    return [one for one in found if one.rows]


def evaluation_folder(run: Path, data: str) -> Path:
    """Where scores on another folder are kept: the same folder gives the same place."""
    whole = str(Path(data).resolve())
    slug = re.sub(r"[^\w-]+", "-", Path(whole).name).strip("-")[:40] or "data"
    return run / layout.EVALUATIONS / f"{slug}-{hashlib.sha256(whole.encode()).hexdigest()[:6]}"


@dataclass(frozen=True, slots=True)
class Pairs:
    """The same labels of the same cases, scored twice; `left_out` pairs lack the metric on one side."""

    keys: tuple[tuple[str, str], ...]  # case, label
    first: tuple[float, ...]
    second: tuple[float, ...]
    clusters: tuple[str, ...]
    left_out: int


def paired(first: Evaluation, second: Evaluation, metric: str = "dice", label: str = "") -> Pairs:
    """What both have of `metric`, of one label or (empty) of all, in the order of `first`."""
    known = {(row.case, row.label): getattr(row, metric) for row in second.rows}
    keys, one, other = [], [], []
    left_out = 0
    for row in first.rows:
        key = (row.case, row.label)
        if key not in known or (label and row.label != label):
            continue
        mine, theirs = getattr(row, metric), known[key]
        if mine is None or theirs is None:
            left_out += 1
            continue
        keys.append(key)
        one.append(float(mine))
        other.append(float(theirs))
    # One of the two may be older than the note on patients.
    teller = first if first.knows_patients else second
    return Pairs(tuple(keys), tuple(one), tuple(other), tuple(teller.cluster(case) for case, _ in keys), left_out)


def summarise(scores: Sequence[Scored], seed: int = 0, clusters: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """A dictionary per label, and one over all (`label` "all") where there are several.

    `n` (case, label) pairs of `cases` cases, `positives` of them with the label in the truth. For each of `dice`,
    `iou`, `hd95`, `nsd`: NAME the mean over pairs, NAME_sd their standard deviation (n − 1), NAME_low and NAME_high the
    95 % bootstrap interval of the mean (`engine.runs.statistics`: BCa, whole cases are drawn, or whole patients where
    `clusters` says which cases are one's), NAME_positive the mean over pairs with the label in the truth.
    `dataset_iou`: of all pixels together. `hd95_missing`: pairs without an HD95, left out of its mean. `unit` of HD95:
    mm, px, or mixed, where a mean would say nothing and is None. None stands for what cannot be said.
    """
    labels = list(dict.fromkeys(score.label for score in scores))
    groups = [(label, [score for score in scores if score.label == label]) for label in labels]
    if len(labels) > 1:
        groups.append(("all", list(scores)))
    return [_summary(label, group, seed, clusters or {}) for label, group in groups]


def _summary(label: str, scores: list[Scored], seed: int, clusters: dict[str, str]) -> dict[str, Any]:
    positives = [score for score in scores if score.truth_pixels]
    measured = [score for score in scores if score.unit]
    units = {score.unit for score in measured}
    overlap = sum(score.overlap for score in scores)
    union = sum(score.truth_pixels + score.answer_pixels for score in scores) - overlap
    row: dict[str, Any] = {
        "label": label,
        "n": len(scores),
        "cases": len({score.case for score in scores}),
        "positives": len(positives),
        "dataset_iou": overlap / union if union else 1.0,
        "unit": None if not units else "mixed" if len(units) > 1 else units.pop(),
        "hd95_missing": sum(score.hd95 is None for score in measured),
    }
    for name in METRICS:
        comparable = name != "hd95" or row["unit"] != "mixed"
        row |= _metric(name, scores if comparable else [], seed, clusters)
        row[f"{name}_positive"] = _mean(getattr(score, name) for score in positives if comparable)
    return row


def _metric(name: str, scores: list[Scored], seed: int, clusters: dict[str, str]) -> dict[str, float | None]:
    known = [(score.case, float(getattr(score, name))) for score in scores if getattr(score, name) is not None]
    values = [value for _, value in known]
    found = mean_interval(values, [clusters.get(case, case) for case, _ in known], seed=seed)
    return {
        name: found.mean if values else None,
        f"{name}_sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        f"{name}_low": found.low if found.known else None,
        f"{name}_high": found.high if found.known else None,
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
