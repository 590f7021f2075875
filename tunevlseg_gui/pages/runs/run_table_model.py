"""Runs as Qt items, filtered and in order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from tunevlseg_gui.pages.runs.run_columns import COLUMNS, NAMES, matching, ordered, translated
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.theme.look import look

AnyIndex = QModelIndex | QPersistentModelIndex
STATE_TOKENS = {"running": "accent_text", "finished": "good", "failed": "danger", "interrupted": "warning"}


class RunTableModel(QAbstractTableModel):
    """`rows` are those in sight. They are filtered and sorted here, in one go: a proxy model would come back to Python
    for every comparison, tens of thousands for 2,000 runs."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[RunRow] = []
        self.filter = ""
        self.order: tuple[str, bool] = ("date", True)  # column, from the highest
        self._all: dict[str, RunRow] = {}
        self._stars = (icon("star", "disabled"), icon("star-full", "warning"))

    @property
    def total(self) -> int:
        return len(self._all)

    def row_of(self, folder: Path) -> RunRow | None:
        return self._all.get(str(folder))

    def show_rows(self, rows: Iterable[RunRow]) -> None:
        """These and no others."""
        self._all = {row.key: row for row in rows}
        self._arrange()

    def put(self, rows: Iterable[RunRow]) -> None:
        """Adds runs, or replaces what was known of them."""
        self._all |= {row.key: row for row in rows}
        self._arrange()

    def keep(self, folders: set[str]) -> None:
        """Forgets the runs that are not among these."""
        if self._all.keys() - folders:
            self._all = {folder: row for folder, row in self._all.items() if folder in folders}
            self._arrange()

    def show_only(self, text: str) -> None:
        self.filter = text
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.order = (NAMES[column], order == Qt.SortOrder.DescendingOrder)
        self._arrange()

    def _arrange(self) -> None:
        newest = sorted(self._all.values(), key=lambda row: row.changed, reverse=True)
        wanted = ordered(matching(newest, self.filter), *self.order)
        if wanted == self.rows:
            return
        self.beginResetModel()
        self.rows = wanted
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        title = translated(COLUMNS[section].title)
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if COLUMNS[section].name == "star" else title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return title
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.ForegroundRole and column.name == "state" and row.state in STATE_TOKENS:
            return look().colour(STATE_TOKENS[row.state])
        if role == Qt.ItemDataRole.DecorationRole and column.name == "star":
            return self._stars[row.notes.star]
        if role == Qt.ItemDataRole.TextAlignmentRole and column.number:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.AccessibleTextRole and column.name == "star":
            return self.tr("starred") if row.notes.star else self.tr("not starred")
        if role == Qt.ItemDataRole.ToolTipRole:
            told = {"bundle": row.bundle_words, "note": row.notes.note, "star": self.tr("Star or unstar (S)")}
            return told.get(column.name) or str(row.folder)
        return None
