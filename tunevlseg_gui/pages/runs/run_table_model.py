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
_DISPLAY, _DECORATION, _TOOL_TIP, _ALIGNMENT, _FOREGROUND, _ACCESSIBLE = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
)
_ANSWERED = frozenset((_DISPLAY, _DECORATION, _TOOL_TIP, _ALIGNMENT, _FOREGROUND, _ACCESSIBLE))
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


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
        found = matching(list(self._all.values()), self.filter)
        if self.order != ("date", True):
            found = ordered(found, "date", True)  # of equals, the newest first
        wanted = ordered(found, *self.order)
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
        if role == _ALIGNMENT and COLUMNS[section].number:
            return _RIGHT
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        # Painting a screen of cells asks two thousand times: what is not answered is sent back at once.
        if role not in _ANSWERED or not index.isValid():
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == _DISPLAY:
            return column.text(row)
        if role == _FOREGROUND and column.name == "state" and row.state in STATE_TOKENS:
            return look().colour(STATE_TOKENS[row.state])
        if role == _DECORATION and column.name == "star":
            return self._stars[row.notes.star]
        if role == _ALIGNMENT and column.number:
            return _RIGHT
        if role == _ACCESSIBLE and column.name == "star":
            return self.tr("starred") if row.notes.star else self.tr("not starred")
        if role == _TOOL_TIP:
            told = {"bundle": row.bundle_words, "note": row.notes.note, "star": self.tr("Star or unstar (S)")}
            return told.get(column.name) or str(row.folder)
        return None
