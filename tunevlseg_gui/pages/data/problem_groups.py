"""The problems of a dataset as a person reads them: alike ones together, each with what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.translation import translate

TITLES = {
    "image_without_mask": QT_TRANSLATE_NOOP("ProblemGroups", "Images without a mask"),
    "mask_without_image": QT_TRANSLATE_NOOP("ProblemGroups", "Masks without an image"),
    "unreadable": QT_TRANSLATE_NOOP("ProblemGroups", "Files that cannot be read"),
    "size_mismatch": QT_TRANSLATE_NOOP("ProblemGroups", "Masks of another size than their images"),
    "grid_mismatch": QT_TRANSLATE_NOOP("ProblemGroups", "Masks that lie elsewhere than their scans"),
    "duplicate_image": QT_TRANSLATE_NOOP("ProblemGroups", "The same image twice"),
    "near_duplicate": QT_TRANSLATE_NOOP("ProblemGroups", "Images that look nearly the same"),
    "duplicate_mask": QT_TRANSLATE_NOOP("ProblemGroups", "The same mask for different images"),
    "mask_inverted": QT_TRANSLATE_NOOP("ProblemGroups", "Masks that look inverted"),
    "mask_cut": QT_TRANSLATE_NOOP("ProblemGroups", "Masks with blurred values"),
    "mask_perhaps_turned": QT_TRANSLATE_NOOP("ProblemGroups", "Masks that may lie turned"),
    "mask_note": QT_TRANSLATE_NOOP("ProblemGroups", "Notes on masks"),
    "scan_note": QT_TRANSLATE_NOOP("ProblemGroups", "Notes on images"),
    "leak": QT_TRANSLATE_NOOP("ProblemGroups", "Patients in several splits"),
    "phrase_missing": QT_TRANSLATE_NOOP("ProblemGroups", "Phrases that say nothing"),
    "phrase_contradicts": QT_TRANSLATE_NOOP("ProblemGroups", "Phrases that contradict the masks"),
    "phrase_twice": QT_TRANSLATE_NOOP("ProblemGroups", "Labels with the same phrase"),
    "phrase_too_long": QT_TRANSLATE_NOOP("ProblemGroups", "Phrases that are too long"),
    "label_absent": QT_TRANSLATE_NOOP("ProblemGroups", "Labels that no mask holds"),
    "label_not_in_train": QT_TRANSLATE_NOOP("ProblemGroups", "Labels that are not in the training split"),
    "list_unreadable": QT_TRANSLATE_NOOP("ProblemGroups", "Lists that cannot be used"),
    "repair_gone": QT_TRANSLATE_NOOP("ProblemGroups", "Mended copies that are gone"),
    "case_gone": QT_TRANSLATE_NOOP("ProblemGroups", "Cases of the split that are not there"),
}
"""Of groups with several problems; a single one says for itself what it is."""

_VERBS = {
    "geometry": QT_TRANSLATE_NOOP("ProblemGroups", "Bring onto the scan's grid"),
    "lossless": QT_TRANSLATE_NOOP("ProblemGroups", "Save as PNG"),
    "invert": QT_TRANSLATE_NOOP("ProblemGroups", "Invert"),
    "regroup": QT_TRANSLATE_NOOP("ProblemGroups", "Put into one split"),
    "leave_out": QT_TRANSLATE_NOOP("ProblemGroups", "Leave out"),
    "take_back": QT_TRANSLATE_NOOP("ProblemGroups", "Use again"),
    "originals": QT_TRANSLATE_NOOP("ProblemGroups", "Read the originals"),
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
        known = TITLES.get(self.kind)
        words = translate("ProblemGroups", known) if known else self.kind.replace("_", " ").capitalize()
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
        verb = translate("ProblemGroups", _VERBS.get(self.mending, "")) if self.cases else ""
        # Three points promise a question before anything happens.
        return f"{verb}…" if self.mending in _ASKS and verb else verb


def grouped(problems: Iterable[dict[str, Any]]) -> list[ProblemGroup]:
    """In the order of their first problems, which the engine gives with errors first."""
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for problem in problems:
        key = (str(problem.get("kind", "")), str(problem.get("severity", "note")), str(problem.get("mending") or ""))
        found.setdefault(key, []).append(problem)
    return [ProblemGroup(*key, tuple(rows)) for key, rows in found.items()]
