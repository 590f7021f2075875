"""All trials as a table: sorted by any column, reached by keys; what is selected in the plots is selected here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from engine.contract.durations import duration
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Column, Study
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.turns import painted_after

AnyIndex = QModelIndex | QPersistentModelIndex
# A table asks for nine roles of each cell that it paints, and comparing enums takes most of the time of an answer.
_TEXTS = (int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.ToolTipRole))
_INK, _FONT = int(Qt.ItemDataRole.ForegroundRole), int(Qt.ItemDataRole.FontRole)
_ANSWERED = frozenset((*_TEXTS, _INK, _FONT))
TONES = {"failed": "danger", "pruned": "warning", "running": "accent_text", "waiting": "muted", "lost": "muted"}


class TrialModel(QAbstractTableModel):
    """Texts are made as they are painted: thousands of trials cost nothing beforehand."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.study = Study(Path())
        self.order = np.zeros(0, np.int64)  # row of the table → row of the study
        self._rows = np.zeros(0, np.int64)
        self._sort = (0, Qt.SortOrder.DescendingOrder)
        self._shown: tuple[Column, ...] = ()

    def show_study(self, study: Study, rows: Any) -> None:
        self.beginResetModel()
        self.study, self._rows = study, np.asarray(rows, np.int64)
        self._shown = (*study.objectives, *study.params)
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.beginResetModel()
        self._sort = (column, order)
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        keys = self._keys(self._sort[0])[self._rows]
        missing = np.isnan(keys)
        known = self._rows[~missing][np.argsort(keys[~missing], kind="stable")]
        if self._sort[1] == Qt.SortOrder.DescendingOrder:
            known = known[::-1]
        self.order = np.concatenate([known, self._rows[missing]])

    def _keys(self, column: int) -> Any:
        study = self.study
        many = len(study.columns)
        if column == 1:
            return np.unique(study.states, return_inverse=True)[1].astype(np.float64) if study.n else np.zeros(0)
        if 2 <= column < 2 + many:
            return self._shown[column - 2].values
        if column == 2 + many:
            return study.ended - study.started
        return study.numbers.astype(np.float64)

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.order)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 4 + len(self._shown)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = [one.title for one in self._shown]
        return [self.tr("Trial"), self.tr("State"), *titles, self.tr("Took"), self.tr("Note")][section]

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in _ANSWERED or not index.isValid():
            return None
        row, column = int(self.order[index.row()]), index.column()
        if role in _TEXTS:
            return self.text(row, column)
        if role == _INK:
            tone = TONES.get(str(self.study.states[row])) if column == 1 else None
            return look().colour(tone) if tone else None
        if self.study.numbers[row] == self.study.best:
            font = self.parent().font()  # type: ignore[union-attr, attr-defined, unused-ignore]
            font.setBold(True)
            return font
        return None

    def text(self, row: int, column: int) -> str:
        study, many = self.study, len(self._shown)
        if column == 0:
            return str(study.numbers[row])
        if column == 1:
            return str(study.states[row])
        if column < 2 + many:
            found = self._shown[column - 2]
            return str(found.told(found.values[row]))
        if column == 2 + many:
            took = study.ended[row] - study.started[row]
            return "" if took != took else duration(float(took))
        return str(study.rows[row].get("why") or "")


class TrialTable(QWidget):
    menu_wanted = Signal(object, object, object)
    opened = Signal(object)  # number of the trial

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selection = selection
        self.plots: list[QWidget] = [self]
        self.study = Study(Path())
        self._setting = False
        self._widths = 0
        self.table = QTableView()
        self.table.setObjectName("trialTable")
        self.table.setAccessibleName(self.tr("Trials"))
        self.values = TrialModel(self.table)
        self.table.setModel(self.values)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        head = self.table.horizontalHeader()
        # Widths follow the heads: measuring texts would take longer than everything else.
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setStretchLastSection(True)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSortIndicatorShown(True)
        head.setSectionsClickable(True)
        head.setSortIndicator(0, Qt.SortOrder.DescendingOrder)
        head.sortIndicatorChanged.connect(self._sort)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._menu)
        self.table.activated.connect(lambda index: self.opened.emit(self._number(index.row())))
        self.table.selectionModel().selectionChanged.connect(self._picked)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.table)
        selection.changed.connect(self._show)
        selection.current_changed.connect(self._show_current)

    def show_study(self, study: Study) -> None:
        """Painted once, after rows and widths are there."""
        painted_after(self.table, lambda: self._take(study))

    def _take(self, study: Study) -> None:
        self.study = study
        self._show()
        if self._widths != self.values.columnCount():
            self._widths = self.values.columnCount()
            head = self.table.horizontalHeader()
            for at in range(self._widths):
                self.table.setColumnWidth(at, max(76, head.sectionSizeHint(at) + 8))

    @property
    def shown_rows(self) -> list[int]:
        """Rows of the study in the table's order."""
        return [int(row) for row in self.values.order]

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._setting = True
        self.values.sort(column, order)
        self._setting = False
        self._show_current()

    def _show(self) -> None:
        """Brushed trials alone are shown; trials that were picked one by one stay among the others."""
        self._setting = True
        brushed = bool(self.selection.limits)
        rows = np.flatnonzero(self.selection.mask(self.study)) if brushed else np.arange(self.study.n)
        self.values.show_study(self.study, rows)
        model = self.table.selectionModel()
        if len(self.selection.picked) > 1:
            some = QItemSelection()
            for at, row in enumerate(self.values.order):
                if int(self.study.numbers[row]) in self.selection.picked:
                    some.select(self.values.index(at, 0), self.values.index(at, 0))
            model.select(
                some, QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            )
        self._setting = False
        self._show_current()

    def _show_current(self) -> None:
        number = self.selection.current
        if number is None or len(self.selection.picked) > 1:
            return
        here = np.flatnonzero(self.study.numbers[self.values.order] == number)
        if len(here) and self.table.currentIndex().row() != int(here[0]):
            self._setting = True
            self.table.setCurrentIndex(self.values.index(int(here[0]), 0))  # selectRow finds none from right to left
            self._setting = False

    def _number(self, row: int) -> int:
        return int(self.study.numbers[self.values.order[row]])

    def _picked(self) -> None:
        if self._setting:
            return
        rows = [index.row() for index in self.table.selectionModel().selectedRows()]
        current = self.table.currentIndex().row()
        if not self.selection.limits:
            self._setting = True  # what comes back from the others must not select anew
            self.selection.pick(frozenset(self._number(row) for row in rows) if len(rows) > 1 else frozenset())
            self._setting = False
        if 0 <= current < len(self.values.order):
            self.selection.look_at(self._number(current))

    def _menu(self, at: QPoint) -> None:
        index = self.table.indexAt(at)
        number = self._number(index.row()) if index.isValid() else None
        self.menu_wanted.emit(number, {}, self.table.viewport().mapToGlobal(at))
