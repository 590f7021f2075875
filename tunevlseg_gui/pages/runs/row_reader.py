"""Reads the rows of the table of runs on pool threads, some at a time; rows whose files are as they were stay."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.runs.run_rows import RunRow, read_row, run_folders, stamp

PART = 100
Stamp = tuple[tuple[int, int], ...]


class RowReader(QObject):
    listed = Signal(object)  # set of folders: every run that there is
    read = Signal(object)  # list of RunRow: new ones, and those that changed
    done = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[Path, Stamp] = {}
        self._going: set[Path] = set()  # running: their state changes without a file of theirs
        self._waiting: list[Path] = []
        self._busy = False
        self._asked: Path | None = None

    def refresh(self, root: Path) -> None:
        """Looks at every run below `root`; while a look goes on, one more follows it."""
        if self._busy:
            self._asked = root
            return
        self._busy = True
        run_task(self, partial(run_folders, root), self._found, self._failed)

    def _found(self, folders: list[Path]) -> None:
        there = set(folders)
        self._known = {folder: known for folder, known in self._known.items() if folder in there}
        self.listed.emit(there)
        self._waiting = folders
        self._next()

    def _next(self) -> None:
        part, self._waiting = self._waiting[:PART], self._waiting[PART:]
        if part:
            known = {folder: self._known[folder] for folder in part if folder in self._known}
            run_task(self, partial(_read_part, part, known, frozenset(self._going)), self._took, self._failed)
        else:
            self._finish()

    def _took(self, found: list[tuple[Path, Stamp, RunRow]]) -> None:
        for folder, known, row in found:
            self._known[folder] = known
            (self._going.add if row.state == "running" else self._going.discard)(folder)
        if found:
            self.read.emit([row for _, _, row in found])
        self._next()

    def _failed(self, error: Exception) -> None:
        del error  # a folder that cannot be listed shows no runs; the next look may find it again
        self._finish()

    def _finish(self) -> None:
        self._busy = False
        self.done.emit()
        again, self._asked = self._asked, None
        if again is not None:
            self.refresh(again)


def _read_part(
    folders: list[Path], known: dict[Path, Stamp], going: frozenset[Path]
) -> list[tuple[Path, Stamp, RunRow]]:
    found = []
    for folder in folders:
        # Before reading: what changes meanwhile is read again next time.
        now = stamp(folder)
        if known.get(folder) == now and folder not in going:
            continue
        row = read_row(folder)
        if row is not None:
            found.append((folder, now, row))
    return found
