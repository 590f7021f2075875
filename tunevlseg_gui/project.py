"""The dataset that is open: its folder, what was found in it, and what the user changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from tunevlseg_gui.cases import SPLITS, CaseRow, companions, mark_problems, merged, row_of, size_counts, sizes
from tunevlseg_gui.dataset import Found, Label, Split
from tunevlseg_gui.edits import ChangeLabel, DrawSplit, MoveCases


class Project(QObject):
    """Shared by the Data page, which fills it, and the wizard, which reads it.

    What a person changes goes through `change_label`, `move_cases` and `draw_split`, or as a step of another kind onto
    `undo_stack` (see tunevlseg_gui.edits); the `put_…` methods are for those steps alone.
    """

    changed = Signal()  # anything; the narrower signals come before it
    labels_edited = Signal()
    cases_listed = Signal()  # other rows in `cases`
    cases_moved = Signal()
    split_wanted = Signal()  # the cases are to be shared out as `split` says

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.found: Found | None = None
        self.labels: list[Label] = []
        self.labels_found: list[Label] = []  # as they were when the folder was opened, before any edit
        self.known_labels: dict[int, Label] = {}  # all that were found since the folder was opened, by value
        self.split = Split()
        self.cases: list[CaseRow] = []
        self.moves: dict[str, str] = {}  # case id → split ("": left out), of those that lie elsewhere than found
        self.drawn: dict[str, str] = {}  # the same of cases shared out anew: what `split` and the seed give
        self.saved: Path | None = None  # folder whose dataset.yaml holds the moves
        self._saved_edit: object = None
        self._seen: list[CaseRow] = []
        self._splits_found: dict[str, str] = {}
        self._counted: tuple[tuple[Any, ...], dict[str, dict[str, int]]] | None = None
        self._shareable: tuple[list[CaseRow], bool] | None = None
        self.undo_stack = QUndoStack(self)

    @property
    def title(self) -> str:
        return self.folder.name if self.folder else ""

    @property
    def ready(self) -> bool:
        """It can be tuned on as it is edited."""
        return self.found is not None and self.found.usable and not self.waiting and not self.split_problem

    @property
    def waiting(self) -> bool:
        """Cases were moved, and the file that tells tuning so is still to be written."""
        return bool(self.moves) and self._saved_edit is not self.moves

    @property
    def split_problem(self) -> str:
        """Why the split as it is edited cannot be tuned on; empty where it can."""
        if not self.moves:
            return ""
        counts = self.split_sizes()
        missing = [split for split in ("train", "val") if not counts[split]["cases"]]
        return (
            self.tr("No case is left in {missing}: move some there, or undo.").format(missing=" and ".join(missing))
            if missing
            else ""
        )

    def split_of(self, row: CaseRow) -> str:
        return self.moves.get(row.case_id) if row.case_id in self.moves else self.drawn.get(row.case_id, row.split)

    def _placed(self) -> list[str]:
        """`split_of` each case, in their order."""
        known = {**self.drawn, **self.moves}
        return [known.get(row.case_id, row.split) for row in self.cases]

    def split_sizes(self) -> dict[str, dict[str, int]]:
        """split → cases, patients, slices, as edited."""
        if not self.shareable:
            return self.found.splits if self.found else {}
        # Asked several times after each edit. Edits put other dictionaries and lists in place, they change none.
        state = (self.cases, self.drawn, self.moves)
        if self._counted is None or any(old is not new for old, new in zip(self._counted[0], state, strict=True)):
            self._counted = (state, sizes(zip(self.cases, self._placed(), strict=True)))
        return self._counted[1]

    def size_counts(self, value: int, edges: Sequence[float]) -> dict[str, list[int]] | None:
        """`cases.size_counts` where cases lie elsewhere than the report has them; None where they do not."""
        edited = self.shareable and bool(self.moves or self.drawn)
        return size_counts(zip(self.cases, self._placed(), strict=True), value, edges) if edited else None

    @property
    def shareable(self) -> bool:
        """The cases are known, and each lies in one split: they can be moved and shared out here."""
        # Asked again and again; cases are put in place as a new list each time.
        if self._shareable is None or self._shareable[0] is not self.cases:
            found = any(row.seen for row in self.cases) and not any("," in row.split for row in self.cases)
            self._shareable = (self.cases, found)
        return self._shareable[1]

    def splits(self) -> dict[str, list[str]]:
        """split → case ids, as edited."""
        found: dict[str, list[str]] = {split: [] for split in SPLITS}
        for row in self.cases:
            split = self.split_of(row)
            if row.seen and split in found:
                found[split].append(row.case_id)
        return found

    def open(self, folder: Path) -> None:
        """Another dataset; what was changed in the last one is put away."""
        self.folder = folder
        self.found = None
        self.labels, self.labels_found = [], []
        self.known_labels = {}
        self.split = Split()
        self.moves, self.drawn = {}, {}
        self.cases, self._seen = [], []
        self.saved = None
        self.undo_stack.clear()
        self.cases_listed.emit()
        self.changed.emit()

    def take_listed(self, rows: Sequence[Mapping[str, Any]], *, first: bool) -> None:
        """Some cases by their names; a `first` part begins the list anew."""
        found = [row_of(row) for row in rows]
        self.cases = found if first else [*self.cases, *found]
        self.cases_listed.emit()

    def take_seen(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Some rows of the report that is on its way."""
        self._seen += [row_of(row) for row in rows]

    def take_report(
        self, report: dict[str, Any], *, placed: bool = False, listed: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        """What the engine found; what the user changed stays.

        `placed`: it was asked with the cases where they were moved to, so that its splits are not those of the dataset.
        `listed`: the cases of the folder as they are named now; None: as they were listed when it was opened.
        """
        first = self.found is None
        self.found = Found.of_report(report)
        if first:
            self.labels_found = list(self.found.labels)
        given = report.get("cases")
        seen = self._seen or [row_of(row) for row in (given if isinstance(given, list) else [])]
        self._seen = []
        if placed:
            before = self._splits_found
            for row in seen:
                row.split = before.get(row.case_id, row.split)
        self._splits_found = {row.case_id: row.split for row in seen}
        self.cases = merged(self.cases if listed is None else [row_of(row) for row in listed], seen)
        mark_problems(self.cases, self.found.problems)
        written = {known.value: known for known in self.labels}
        self.known_labels |= {label.value: label for label in self.found.labels}
        self.labels = [
            replace(written[label.value], found=label.found) if label.value in written else label
            for label in self.found.labels
        ]
        self.cases_listed.emit()
        self.changed.emit()

    def take_saved(self, folder: Path, moves: Mapping[str, str]) -> None:
        """`folder` holds a dataset.yaml with these moves (`self.moves` as it was when that was asked for)."""
        self.saved, self._saved_edit = folder, moves
        self.changed.emit()

    def forget_saved(self) -> None:
        """The file that held the moves is out of date: another has to be written."""
        self._saved_edit = None
        self.changed.emit()

    # -- edits ---------------------------------------------------------------------------------------------------

    def change_label(self, value: int, text: str, **after: Any) -> None:
        """Fields of the label with this value in the masks; `text` completes "Undo …"."""
        label = next((label for label in self.labels if label.value == value), None)
        if label is not None and any(getattr(label, name) != wanted for name, wanted in after.items()):
            self.undo_stack.push(ChangeLabel(self, value, text, after))

    def move_cases(self, moves: Mapping[str, str]) -> None:
        """Cases into other splits: case id → split, "" to leave it out. Who else has to go along, `together` says."""
        if moves:
            self.undo_stack.push(MoveCases(self, moves))

    def together(self, chosen: Iterable[str], split: str) -> tuple[list[str], list[str]]:
        """Case ids that a move of `chosen` to `split` moves: of those chosen, and of those that must go along.

        Cases of one patient, and copies of one image, stay in one split, unless the split is by image. Those that
        are there already, and volumes whose slices lie in several splits, are left out.
        """
        ids = set(chosen)
        movable = {
            row.case_id
            for row, now in zip(self.cases, self._placed(), strict=True)
            if now != split and row.seen and "," not in row.split
        }
        others = companions(self.cases, ids) if self.split.by == "patient" else []
        own = ids & movable
        return [row.case_id for row in self.cases if row.case_id in own], [
            case_id for case_id in others if case_id in movable
        ]

    def draw_split(self, split: Split, drawn: Mapping[str, str] | None = None) -> None:
        """All cases are shared out anew: case id → split, as the engine would; None asks it (`split_wanted`)."""
        self.undo_stack.push(DrawSplit(self, split, drawn or {}))

    def put_label(self, value: int, fields: Mapping[str, Any]) -> None:
        self.labels = [replace(label, **fields) if label.value == value else label for label in self.labels]
        self.labels_edited.emit()
        self.changed.emit()

    def put_labels(self, labels: list[Label]) -> None:
        """Another table of labels altogether."""
        self.labels = list(labels)
        self.labels_edited.emit()
        self.changed.emit()

    def put_moves(self, moves: Mapping[str, str]) -> None:
        drawn = self.drawn
        found = {row.case_id: drawn.get(row.case_id, row.split) for row in self.cases if row.case_id in moves}
        self.moves = {case_id: split for case_id, split in moves.items() if found.get(case_id) != split}
        self.cases_moved.emit()
        self.changed.emit()

    def put_split(self, split: Split, drawn: Mapping[str, str], moves: Mapping[str, str]) -> None:
        self.split, self.drawn, self.moves = split, dict(drawn), dict(moves)
        (self.cases_moved if drawn else self.split_wanted).emit()
        self.changed.emit()

    def data_for_recipe(self) -> dict[str, Any]:
        """The `data` part of a recipe; with moved cases, from the dataset.yaml that holds them."""
        from_file = bool(self.moves) and not self.waiting
        folder = self.saved if from_file else self.folder
        # That file gives the splits: drawing them anew would put the moved cases elsewhere.
        split = replace(self.split, given=True) if from_file else self.split
        return {
            "folder": str(folder or ""),
            "layout": "auto",
            "labels": [label.for_recipe() for label in self.labels],
            "split": split.for_recipe(),
        }
