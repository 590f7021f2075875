"""What is wrong with a dataset: each problem says what, where and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
Mending = Literal["", "geometry", "lossless", "invert", "regroup", "leave_out", "take_back", "originals"]
"""How the program itself can mend it: the mask brought onto its scan's grid, its cut values stored as PNG, marked and
unmarked exchanged, the cases brought into one split, or left out, or taken back, or read from their original masks
again; "": only a person can."""

_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Problem:
    """`error`: the case is left out; `warning`: used, but look at it; `note`: worth knowing.

    `path` is relative to the dataset's folder ("" = the folder itself); `count` is the number of files that this
    line stands for; `cases` are the ids of the cases that it is about, where it is about some.
    """

    kind: str
    severity: Severity
    message: str
    path: str = ""
    fix: str = ""
    count: int = 1
    cases: tuple[str, ...] = ()
    mending: Mending = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        """One line of text: place, message, fix."""
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message} {self.fix}".rstrip()


def gathered(problems: Iterable[Problem], most_notes: int = 3) -> tuple[Problem, ...]:
    """Errors first, in the order found; more than `most_notes` equal notes or warnings become one line with a count."""
    rows = list(problems)
    times: dict[tuple[str, str], int] = {}
    whose: dict[tuple[str, str], dict[str, None]] = {}
    for problem in rows:
        key = (problem.kind, problem.message)
        times[key] = times.get(key, 0) + 1
        whose.setdefault(key, {}).update(dict.fromkeys(problem.cases))
    kept: list[Problem] = []
    told: set[tuple[str, str]] = set()
    for problem in rows:
        key = (problem.kind, problem.message)
        # Each file with an error keeps its own line: the user has to mend every one of them.
        if problem.severity == "error" or times[key] <= most_notes:
            kept.append(problem)
        elif key not in told:
            told.add(key)
            message = f"{problem.message} ({times[key]} files, this is the first)"
            kept.append(replace(problem, message=message, count=times[key], cases=tuple(whose[key])))
    return tuple(sorted(kept, key=lambda problem: _ORDER[problem.severity]))
