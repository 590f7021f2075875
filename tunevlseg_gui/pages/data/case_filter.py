"""Which cases are shown and in which order. No Qt: ten thousand rows take a few milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.cases import SEVERITIES, SPLITS, CaseRow

Order = Literal["found", "name", "split", "size", "labels", "problem"]
ORDERS: tuple[tuple[Order, str], ...] = (
    ("found", QT_TRANSLATE_NOOP("CaseFilter", "As found")),
    ("name", QT_TRANSLATE_NOOP("CaseFilter", "By name")),
    ("split", QT_TRANSLATE_NOOP("CaseFilter", "By split")),
    ("size", QT_TRANSLATE_NOOP("CaseFilter", "By size of structure")),
    ("labels", QT_TRANSLATE_NOOP("CaseFilter", "By number of labels")),
    ("problem", QT_TRANSLATE_NOOP("CaseFilter", "By problem")),
)
SplitOf = Callable[[CaseRow], str]
LEFT_OUT = "left out"


@dataclass(frozen=True)
class CaseFilter:
    """Every condition must hold; an empty one always does.

    `problem` is a severity, a kind, "any" or "none"; `least` and `most` bound the share of the image that the `label`
    covers (all labels together, where none is chosen). `only` are case ids, those of a problem.
    """

    text: str = ""
    split: str = ""  # train | val | test | LEFT_OUT
    label: int = 0
    problem: str = ""
    least: float = 0.0
    most: float = 1.0
    only: frozenset[str] = frozenset()

    def rows(self, rows: Sequence[CaseRow], split_of: SplitOf) -> list[CaseRow]:
        found = [row for row in rows if not self.only or row.case_id in self.only]
        for word in self.text.casefold().split():
            found = [row for row in found if word in row.case_id.casefold() or word in row.patient.casefold()]
        if self.split == LEFT_OUT:
            found = [row for row in found if left_out(row, split_of)]
        elif self.split:
            found = [row for row in found if row.seen and self.split in split_of(row)]
        if self.label:
            found = [row for row in found if self.label in row.areas]
        if self.problem:
            found = [row for row in found if _has_problem(row, self.problem)]
        if self.least > 0 or self.most < 1:
            least, most, label = self.least, self.most, self.label
            if label:
                found = [row for row in found if row.seen and least <= row.areas.get(label, 0.0) <= most]
            else:
                found = [row for row in found if row.seen and least <= row.area <= most]
        return found


def left_out(row: CaseRow, split_of: SplitOf) -> bool:
    """A damaged case, or one that was moved out of all splits."""
    return not split_of(row) or (not row.seen and row.worst == "error")


def ordered(rows: Sequence[CaseRow], order: Order, split_of: SplitOf, *, descending: bool = False) -> list[CaseRow]:
    """Equal ones stay in the order found; of a descending order too."""
    keys: dict[Order, Callable[[CaseRow], Any]] = {
        "name": lambda row: row.key,
        "split": lambda row: _split_key(split_of(row)),
        "size": lambda row: row.area,
        "labels": lambda row: len(row.areas),
        "problem": lambda row: SEVERITIES.index(row.worst) if row.worst in SEVERITIES else len(SEVERITIES),
    }
    if order == "found":
        return list(reversed(rows)) if descending else list(rows)
    return sorted(rows, key=keys[order], reverse=descending)


def _split_key(split: str) -> int:
    return SPLITS.index(split) if split in SPLITS else len(SPLITS)


def _has_problem(row: CaseRow, wanted: str) -> bool:
    if wanted == "none":
        return not row.problems
    return any(wanted in ("any", severity, kind) for severity, kind in row.problems)
