"""The cases that are shown, as Qt items: cheap rows, however many there are; pictures come from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from tunevlseg_gui.cases import CaseRow

RowRole = Qt.ItemDataRole.UserRole + 1
AnyIndex = QModelIndex | QPersistentModelIndex


class CaseModel(QAbstractListModel):
    """One row a case: DisplayRole its id, RowRole its CaseRow, ToolTipRole what is known of it."""

    def __init__(self, tip: Callable[[CaseRow], str], parent: Any = None) -> None:
        super().__init__(parent)
        self._tip = tip
        self._rows: list[CaseRow] = []
        self._places: dict[str, int] | None = None

    def show_rows(self, rows: Sequence[CaseRow]) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self._places = None
        self.endResetModel()

    @property
    def rows(self) -> list[CaseRow]:
        return self._rows

    def place(self, case_id: str) -> int | None:
        """Row number of a case; None where it is not shown."""
        if self._places is None:
            self._places = {row.case_id: number for number, row in enumerate(self._rows)}
        return self._places.get(case_id)

    def runs(self, case_ids: Iterable[str]) -> list[tuple[int, int]]:
        """First and last row number of each unbroken run of shown cases."""
        places = sorted(place for case_id in case_ids if (place := self.place(case_id)) is not None)
        runs: list[tuple[int, int]] = []
        for place in places:
            if runs and runs[-1][1] == place - 1:
                runs[-1] = (runs[-1][0], place)
            else:
                runs.append((place, place))
        return runs

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.case_id
        if role == RowRole:
            return row
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return self._tip(row)
        return None
