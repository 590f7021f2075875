"""Edits of a dataset that lie in no file of its own yet (labels, phrases, shares, moved cases), kept for another day.

One small file a dataset in `data_folder()/edits`, named by a hash of where it lies. When the dataset is opened again
its edits come back as one step, which Undo takes away. What a repair wrote into `dataset.yaml` is there already.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from engine.contract.errors import EngineError
from engine.contract.whole_file import write_text
from engine.runs.folders import data_folder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.cases import SPLITS
from tunevlseg_gui.dataset import Label, Split
from tunevlseg_gui.project import Project

KEEP_AFTER_MS = 500
"""After the last of several quick edits."""
_VERSION = 1

Edits = dict[str, Any]


def file_for(folder: Path) -> Path:
    """Where the edits of a dataset are kept; its name says nothing of the dataset."""
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return data_folder() / "edits" / f"{name}.json"


def edits_of(project: Project) -> Edits:
    """What differs from the dataset as it was first found, as plain values; empty where nothing does."""
    first = {label.value: label for label in project.labels_found}
    now = {label.value: label for label in project.labels}
    labels = [
        {**_said(label), "added": value not in first}
        for value, label in now.items()
        if value not in first or _said(label) != _said(first[value])
    ]
    found: Edits = {
        "labels": labels,
        "ignored": [value for value in first if value not in now and value in project.known_labels],
        "split": asdict(project.split) if project.split != Split() else {},
        "moves": dict(project.moves),
    }
    return {"version": _VERSION, **found} if any(found.values()) else {}


def read_edits(path: Path) -> Edits:
    """As `edits_of` gave them; nothing of a file that is damaged, or of another version."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["version"] != _VERSION:
            return {}
        split, moves = found["split"], found["moves"]
        kept = [(_label(row), bool(row["added"])) for row in found["labels"]]
        return {
            "labels": kept,
            "ignored": {int(value) for value in found["ignored"]},
            "split": Split(**split) if split else Split(),
            "moves": {str(case): str(name) for case, name in moves.items() if name in ("", *SPLITS)},
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def with_edits(labels: list[Label], edits: Edits) -> list[Label]:
    """The labels found now, said as they were edited; what the dataset no longer holds stays away."""
    said = {label.value: label for label, _ in edits["labels"]}
    after = [
        replace(said[label.value], found=label.found) if label.value in said else label
        for label in labels
        if label.value not in edits["ignored"]
    ]
    there = {label.value for label in labels}
    after += [label for label, added in edits["labels"] if added and label.value not in there]
    names = [label.name for label in after]
    # Names that clash since the dataset was relabelled elsewhere: what it says now stands.
    return sorted(after, key=lambda label: label.value) if len(set(names)) == len(names) else labels


class KeptEdits(QObject):
    """Writes a while after each edit, and at once by `flush`."""

    def __init__(self, project: Project, refused: Callable[[EngineError], None], parent: QObject) -> None:
        super().__init__(parent)
        self._project, self._refused = project, refused
        self._writing = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(KEEP_AFTER_MS)
        self._later.timeout.connect(self._write_later)
        project.undo_stack.indexChanged.connect(self._begin)

    def flush(self) -> None:
        """Before another dataset is opened, or the window closes."""
        if self._later.isActive():
            self._later.stop()
            folder = self._project.folder
            if folder is not None and self._project.found is not None:
                try:
                    _write(file_for(folder), edits_of(self._project))
                except EngineError as error:
                    self._refused(error)

    def forget(self) -> None:
        """What is edited from now on is kept again."""
        self._later.stop()
        if self._project.folder is not None:
            with contextlib.suppress(OSError):
                file_for(self._project.folder).unlink(missing_ok=True)

    def _begin(self, _index: int) -> None:
        if self._project.found is not None:
            self._later.start()

    def _write_later(self) -> None:
        folder = self._project.folder
        if folder is None or self._project.found is None:
            return
        if self._writing:  # the older state must not come last
            self._later.start()
            return
        self._writing = True
        edits = edits_of(self._project)

        def over(_result: object) -> None:
            self._writing = False

        def failed(error: Exception) -> None:
            self._writing = False
            if isinstance(error, EngineError):
                self._refused(error)

        run_task(self, lambda: _write(file_for(folder), edits), over, failed)


def _write(path: Path, edits: Mapping[str, Any]) -> None:
    """Raises DiskFull or InputError."""
    if edits:
        write_text(path, json.dumps(edits, ensure_ascii=False) + "\n")
    else:
        path.unlink(missing_ok=True)


def _said(label: Label) -> dict[str, Any]:
    values = asdict(label)
    del values["found"]
    values["alternatives"] = list(label.alternatives)
    return values


def _label(row: Mapping[str, Any]) -> Label:
    known = {field.name: row[field.name] for field in fields(Label) if field.name != "found"}
    made = Label(**{**known, "alternatives": tuple(map(str, known["alternatives"]))})
    if not all(isinstance(text, str) and text for text in (made.name, made.phrase, made.colour)) or made.value < 1:
        raise ValueError("a label needs a value, a name, a phrase and a colour")
    return made
