"""The problems of a dataset as a person reads them: alike ones together, each with what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

TITLES = {
    "image_without_mask": "Images without a mask",
    "mask_without_image": "Masks without an image",
    "unreadable": "Files that cannot be read",
    "size_mismatch": "Masks of another size than their images",
    "grid_mismatch": "Masks that lie elsewhere than their scans",
    "duplicate_image": "The same image twice",
    "near_duplicate": "Images that look nearly the same",
    "duplicate_mask": "The same mask for different images",
    "mask_inverted": "Masks that look inverted",
    "mask_cut": "Masks with blurred values",
    "mask_perhaps_turned": "Masks that may lie turned",
    "mask_note": "Notes on masks",
    "scan_note": "Notes on images",
    "leak": "Patients in several splits",
    "phrase_missing": "Phrases that say nothing",
    "phrase_contradicts": "Phrases that contradict the masks",
    "phrase_twice": "Labels with the same phrase",
    "phrase_too_long": "Phrases that are too long",
    "label_absent": "Labels that no mask holds",
    "label_not_in_train": "Labels that are not in the training split",
    "list_unreadable": "Lists that cannot be used",
    "repair_gone": "Mended copies that are gone",
    "case_gone": "Cases of the split that are not there",
}
"""Of groups with several problems; a single one says for itself what it is."""

_VERBS = {
    "geometry": "Bring onto the scan's grid",
    "lossless": "Save as PNG",
    "invert": "Invert",
    "regroup": "Put into one split",
    "leave_out": "Leave out",
    "take_back": "Use again",
    "originals": "Read the originals",
}
_ASKS = ("geometry", "lossless", "invert")


@dataclass(frozen=True)
class ProblemGroup:
    """Problems of one kind, severity and way of mending."""

    kind: str
    severity: str  # error | warning | note
    mending: str  # as engine.data.problem.Mending
    problems: tuple[dict[str, Any], ...]

    @property
    def count(self) -> int:
        return sum(int(problem.get("count") or 1) for problem in self.problems)

    @cached_property
    def cases(self) -> list[str]:
        """Ids of the cases that it is about, each once."""
        return list(dict.fromkeys(str(case) for problem in self.problems for case in problem.get("cases") or ()))

    @property
    def title(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0].get("message", ""))
        words = TITLES.get(self.kind, self.kind.replace("_", " ").capitalize())
        return f"{words}: {len(self.problems)}"

    @cached_property
    def lines(self) -> list[str]:
        """Where each problem is and what it is; for a single one only where."""
        if len(self.problems) == 1:
            path = str(self.problems[0].get("path") or "")
            return [path] if path else []
        return [": ".join(filter(None, (str(p.get("path") or ""), str(p.get("message", ""))))) for p in self.problems]

    @cached_property
    def fixes(self) -> list[str]:
        """How to mend it by hand, each way once."""
        return list(dict.fromkeys(str(problem["fix"]) for problem in self.problems if problem.get("fix")))

    @property
    def action(self) -> str:
        """Words for a button; "" where only a person can mend it."""
        verb = _VERBS.get(self.mending, "") if self.cases else ""
        # Three points promise a question before anything happens.
        return f"{verb}…" if self.mending in _ASKS and verb else verb


def grouped(problems: Iterable[dict[str, Any]]) -> list[ProblemGroup]:
    """In the order of their first problems, which the engine gives with errors first."""
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for problem in problems:
        key = (str(problem.get("kind", "")), str(problem.get("severity", "note")), str(problem.get("mending") or ""))
        found.setdefault(key, []).append(problem)
    return [ProblemGroup(*key, tuple(rows)) for key, rows in found.items()]
