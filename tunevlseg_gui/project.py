"""The dataset that is open: its folder, what was found in it, and what the user changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from tunevlseg_gui.edits import ChangeLabel, DrawSplit, MoveCases


@dataclass
class Label:
    """A structure to find; `found` says how often it occurs, in words."""

    value: int
    name: str
    phrase: str
    colour: str
    found: str = ""

    def for_recipe(self) -> dict[str, Any]:
        values = asdict(self)
        del values["found"]
        return values


@dataclass
class Split:
    """Shares of the patients, in per cent."""

    train: int = 80
    val: int = 10
    test: int = 10
    by: str = "patient"

    def for_recipe(self) -> dict[str, Any]:
        return {"train": self.train / 100, "val": self.val / 100, "test": self.test / 100, "by": self.by}

    @property
    def adds_up(self) -> bool:
        return self.train + self.val + self.test == 100 and self.train > 0 and self.val > 0


@dataclass
class Found:
    """A dataset report, read with tolerance: older and newer engines may leave out or add keys."""

    layout: str = ""
    name: str = ""
    details: str = ""
    kind: str = "pictures"  # pictures | volumes | mixed
    synthetic: bool = False
    cases: int = 0
    splits: dict[str, dict[str, int]] = field(default_factory=dict)  # split → cases, patients, slices
    labels: list[Label] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    thumbnails: list[dict[str, Any]] = field(default_factory=list)
    usable: bool = False
    facts: list[str] = field(default_factory=list)  # sizes, spacing, intensities, who gave the splits: a line each

    @classmethod
    def of_report(cls, report: dict[str, Any]) -> Found:
        cases = report.get("cases") or []
        splits = dict(report.get("splits") or {})
        return cls(
            layout=str(report.get("layout_title") or report.get("layout") or ""),
            name=str(report.get("name") or ""),
            details=str(report.get("details") or ""),
            kind=str(report.get("kind") or "pictures"),
            synthetic=bool(report.get("synthetic")),
            cases=len(cases) if isinstance(cases, list) else int(cases),
            splits={name: row if isinstance(row, dict) else {"cases": int(row)} for name, row in splits.items()},
            labels=[_label(item, _area(report, item)) for item in report.get("labels") or []],
            problems=[dict(item) for item in report.get("problems") or []],
            thumbnails=[dict(item) for item in report.get("thumbnails") or []],
            usable=bool(report.get("usable", bool(cases))),
            facts=_facts(report),
        )


def _facts(report: dict[str, Any]) -> list[str]:
    """What the numbers of a report say, in words."""
    numbers = report.get("statistics") or {}
    facts = []
    sizes = [
        " × ".join(str(side) for side in reversed(row["shape_zyx"]) if side > 1) for row in numbers.get("sizes") or []
    ]
    if sizes:
        more = int(numbers.get("different_sizes", 0)) - 2
        facts.append("Size: " + ", ".join(sizes[:2]) + (f" and {more} more" if more > 0 else ""))
    spacing = numbers.get("spacing_zyx")
    if spacing:
        ends = zip(reversed(spacing["lowest"]), reversed(spacing["highest"]), strict=True)
        shown = [f"{low:.3g}" if abs(low - high) < 1e-6 else f"{low:.3g} to {high:.3g}" for low, high in ends]
        facts.append(f"Spacing: {' × '.join(shown)} mm")
    values = numbers.get("intensity")
    if values:
        facts.append(f"Values: {values['lowest'][0]:g} to {values['highest'][1]:g}")
    if "splits_from" in report:
        given = report["splits_from"]
        facts.append(f"Split: given by {given}" if given else f"Split: ours, by seed {report.get('seed', '')}".rstrip())
    return facts


def _area(report: dict[str, Any], item: dict[str, Any]) -> float | None:
    """Median share of the image that a label covers where it is seen."""
    rows = (report.get("statistics") or {}).get("areas") or []
    return next((row.get("median") for row in rows if row.get("value") == item.get("value")), None)


def _label(item: dict[str, Any], area: float | None = None) -> Label:
    name = str(item.get("name") or item.get("value") or "object")
    cases = item.get("cases")
    found = "" if cases is None else f"in {cases} case" + ("" if cases == 1 else "s")
    if area is not None:
        found += f", {100 * area:.2g} %"
    value, colour = int(item.get("value") or 1), str(item.get("colour") or "#E69F00")
    return Label(value, name, str(item.get("phrase") or name), colour, found)


class Project(QObject):
    """Shared by the Data page, which fills it, and the wizard, which reads it.

    What a person changes goes through `change_label`, `move_cases` and `draw_split`, or as a step of another kind onto
    `undo_stack` (see tunevlseg_gui.edits); the `put_…` methods are for those steps alone.
    """

    changed = Signal()  # anything; the narrower signals come before it
    labels_edited = Signal()
    cases_moved = Signal()
    split_wanted = Signal()  # the cases are to be shared out as `split` says

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.found: Found | None = None
        self.labels: list[Label] = []
        self.split = Split()
        self.moves: dict[str, str] = {}  # case id → split, of those that lie elsewhere than found
        self.undo_stack = QUndoStack(self)

    @property
    def title(self) -> str:
        return self.folder.name if self.folder else ""

    @property
    def ready(self) -> bool:
        return self.found is not None and self.found.usable

    def open(self, folder: Path) -> None:
        """Another dataset; what was changed in the last one is put away."""
        self.folder = folder
        self.found = None
        self.labels = []
        self.split = Split()
        self.moves = {}
        self.undo_stack.clear()
        self.changed.emit()

    def take_report(self, report: dict[str, Any]) -> None:
        """What the engine found; what the user changed of the labels stays."""
        self.found = Found.of_report(report)
        written = {known.value: known for known in self.labels}
        self.labels = [
            replace(written[label.value], found=label.found) if label.value in written else label
            for label in self.found.labels
        ]
        self.changed.emit()

    # -- edits ---------------------------------------------------------------------------------------------------

    def change_label(self, value: int, text: str, **after: Any) -> None:
        """Fields of the label with this value in the masks; `text` completes "Undo …"."""
        label = next((label for label in self.labels if label.value == value), None)
        if label is not None and any(getattr(label, name) != wanted for name, wanted in after.items()):
            self.undo_stack.push(ChangeLabel(self, value, text, after))

    def move_cases(self, moves: Mapping[str, str]) -> None:
        """Cases into other splits: case id → split."""
        if moves:
            self.undo_stack.push(MoveCases(self, moves))

    def draw_split(self, split: Split) -> None:
        """All cases are shared out anew."""
        self.undo_stack.push(DrawSplit(self, split))

    def put_label(self, value: int, fields: Mapping[str, Any]) -> None:
        self.labels = [replace(label, **fields) if label.value == value else label for label in self.labels]
        self.labels_edited.emit()
        self.changed.emit()

    def put_moves(self, moves: Mapping[str, str]) -> None:
        self.moves = dict(moves)
        self.cases_moved.emit()
        self.changed.emit()

    def put_split(self, split: Split, moves: Mapping[str, str]) -> None:
        self.split, self.moves = split, dict(moves)
        self.split_wanted.emit()
        self.changed.emit()

    def data_for_recipe(self) -> dict[str, Any]:
        """The `data` part of a recipe."""
        return {
            "folder": str(self.folder or ""),
            "layout": "auto",
            "labels": [label.for_recipe() for label in self.labels],
            "split": self.split.for_recipe(),
        }
