"""The cases of the open dataset, one small row each: what is known of it, and who moves with whom. No Qt."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SPLITS = ("train", "val", "test")
SEVERITIES = ("error", "warning", "note")


@dataclass(slots=True, eq=False)
class CaseRow:
    """`split` as found ("" unknown or left out; "train, val" where a lone volume serves several).

    `areas` are shares of the image (of the volume) that each label covers, by its value. Before the files were opened
    (`seen` False) only names are known.
    """

    case_id: str
    patient: str = ""
    unit: str = ""  # cases with the same stay in one split
    image: str = ""
    split: str = ""
    seen: bool = False
    areas: dict[int, float] = field(default_factory=dict)
    size: str = ""
    chosen: int = 1  # slices to learn or validate from
    stack: int = 1  # all of its slices: what a test takes
    problems: tuple[tuple[str, str], ...] = ()  # (severity, kind), the worst first
    key: tuple[Any, ...] = ()  # of its name, so that case 9 comes before case 10

    @property
    def area(self) -> float:
        """Of all labels together."""
        return sum(self.areas.values())

    @property
    def worst(self) -> str:
        """error | warning | note, or "" where nothing is told of it."""
        return self.problems[0][0] if self.problems else ""

    @property
    def parts(self) -> bool:
        """Its slices lie in several splits: it cannot be moved."""
        return "," in self.split


def row_of(values: Mapping[str, Any]) -> CaseRow:
    """From a row of a list or of a report; keys that are missing are unknown."""
    case_id = str(values.get("case_id") or "")
    shape = [int(side) for side in values.get("shape_zyx") or ()]
    pixels = 1
    for side in shape:
        pixels *= max(side, 1)
    counts = values.get("voxels") or {}
    patient = str(values.get("patient") or case_id)
    return CaseRow(
        case_id,
        patient,
        str(values.get("unit") or patient),
        str(values.get("image") or ""),
        str(values.get("split") or ""),
        bool(shape),
        {int(value): count / pixels for value, count in counts.items() if count},
        " × ".join(str(side) for side in reversed(shape) if side > 1),
        int(values.get("chosen", values.get("slices", 1)) or 0),
        int(values.get("stack", values.get("slices", 1)) or 0),
        key=natural(case_id),
    )


def natural(name: str) -> tuple[Any, ...]:
    """Sorts numbers in names by their value."""
    parts = filter(None, _PARTS.split(name.casefold()))
    return tuple((1, int(part), "") if part[0] in "0123456789" else (0, 0, part) for part in parts)


_PARTS = re.compile(r"([0-9]+)")


def merged(listed: Sequence[CaseRow], seen: Iterable[CaseRow]) -> list[CaseRow]:
    """Listed cases in their order, replaced by what was seen of them; those seen that were not listed at the end."""
    found = {row.case_id: row for row in seen}
    rows = [found.pop(row.case_id, row) for row in listed]
    return [*rows, *found.values()]


def mark_problems(rows: Iterable[CaseRow], problems: Iterable[Mapping[str, Any]]) -> None:
    """Tells each row what is told of its case."""
    told: dict[str, tuple[tuple[str, str], ...]] = {}
    for problem in problems:
        mark = (str(problem.get("severity") or "note"), str(problem.get("kind") or ""))
        for case in map(str, problem.get("cases") or ()):
            known = told.get(case, ())
            if mark not in known:
                told[case] = (*known, mark)
    for row in rows:
        marks = told.get(row.case_id, ())
        row.problems = marks if len(marks) < 2 else tuple(sorted(marks, key=_worst_first))


def _worst_first(mark: tuple[str, str]) -> int:
    return SEVERITIES.index(mark[0]) if mark[0] in SEVERITIES else len(SEVERITIES)


def companions(rows: Iterable[CaseRow], chosen: Iterable[str]) -> list[str]:
    """Cases that have to go where `chosen` (case ids) go, those chosen left out: same patient, or the same picture."""
    ids = set(chosen)
    rows = list(rows)
    units = {row.unit for row in rows if row.case_id in ids}
    return [row.case_id for row in rows if row.unit in units and row.case_id not in ids]


def sizes(placed: Iterable[tuple[CaseRow, str]]) -> dict[str, dict[str, int]]:
    """split → cases, patients and slices, of cases with their splits."""
    rows: dict[str, list[CaseRow]] = {split: [] for split in SPLITS}
    for row, split in placed:
        if row.seen and split in rows:
            rows[split].append(row)
    return {
        split: {
            "cases": len(held),
            "patients": len({row.patient for row in held}),
            "slices": sum(row.stack if split == "test" else row.chosen for row in held),
        }
        for split, held in rows.items()
    }


def size_counts(placed: Iterable[tuple[CaseRow, str]], value: int, edges: Sequence[float]) -> dict[str, list[int]]:
    """split → cases that show a label, by the share of their image that it covers, within rising `edges`.

    As the engine counts them: smaller ones count as the smallest, the last edge is within.
    """
    counts = {split: [0] * (len(edges) - 1) for split in SPLITS}
    for row, split in placed:
        share = row.areas.get(value, 0.0)
        if share > 0 and split in counts:
            counts[split][min(max(bisect_right(edges, share) - 1, 0), len(edges) - 2)] += 1
    return counts
