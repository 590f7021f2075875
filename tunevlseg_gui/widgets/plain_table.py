"""A table of texts that sorts by what they stand for: numbers by size, what is missing last. Reached by keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.sort_entries import add_sort_entries

AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Cell:
    """`key` sorts (None: last); `tone` is a colour of the theme, or empty."""

    text: str
    key: Any = None
    tone: str = ""
    tip: str = ""


@dataclass(frozen=True)
class Head:
    """A heading, and what it means: told under the mouse, and to screen readers."""

    title: str
    tip: str = ""


def text_cell(text: str, tone: str = "", tip: str = "") -> Cell:
    return Cell(text, text.casefold(), tone, tip)


def number_cell(value: float | None, digits: int = 3, more: str = "", tone: str = "") -> Cell:
    """A number with `more` behind it; nothing where there is none."""
    return Cell("" if value is None else f"{value:.{digits}f}{more}", value, tone)


class PlainModel(QAbstractTableModel):
    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.heads: tuple[str, ...] = ()
        self.tips: tuple[str, ...] = ()
        self.rows: list[tuple[Sequence[Cell], Any]] = []

    def show_rows(self, heads: Sequence[str | Head], rows: Sequence[tuple[Sequence[Cell], Any]]) -> None:
        """Each row with what it stands for."""
        self.beginResetModel()
        told = [head if isinstance(head, Head) else Head(head) for head in heads]
        self.heads, self.tips = tuple(head.title for head in told), tuple(head.tip for head in told)
        self.rows = list(rows)
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if not 0 <= column < len(self.heads):
            return
        known = [row for row in self.rows if row[0][column].key is not None]
        missing = [row for row in self.rows if row[0][column].key is None]
        known.sort(key=lambda row: row[0][column].key, reverse=order == Qt.SortOrder.DescendingOrder)
        self.beginResetModel()
        self.rows = known + missing
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.heads[section]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return self.tips[section] or None
        if role == Qt.ItemDataRole.TextAlignmentRole and any(_is_number(row[0][section]) for row in self.rows[:20]):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        cell = self.rows[index.row()][0][index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.text
            case Qt.ItemDataRole.ToolTipRole:
                return cell.tip or cell.text
            case Qt.ItemDataRole.ForegroundRole if cell.tone:
                return look().colour(cell.tone)
            case Qt.ItemDataRole.TextAlignmentRole if _is_number(cell):
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def _is_number(cell: Cell) -> bool:
    return isinstance(cell.key, int | float)


class PlainTable(QTableView):
    """`chosen` tells what the current row stands for."""

    chosen = Signal(object)

    def __init__(self, name: str, title: str, *, sorts: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.values = PlainModel(self)
        self.setModel(self.values)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        head = self.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setHighlightSections(False)
        # Only what is in sight decides widths: ten thousand rows are not measured.
        head.setResizeContentsPrecision(0)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if sorts:
            head.setSortIndicatorShown(True)
            head.setSectionsClickable(True)
            head.setSortIndicatorClearable(False)
            head.sortIndicatorChanged.connect(self.values.sort)
            self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            self.customContextMenuRequested.connect(self._offer_orders)
        self.selectionModel().currentRowChanged.connect(self._changed)

    def show_rows(
        self,
        heads: Sequence[str | Head],
        rows: Sequence[tuple[Sequence[Cell], Any]],
        sort: tuple[int, bool] | None = None,
    ) -> None:
        """`sort`: column, and whether from the highest; None: in this order."""
        self.values.show_rows(heads, rows)
        column, downwards = (-1, False) if sort is None else sort
        order = Qt.SortOrder.DescendingOrder if downwards else Qt.SortOrder.AscendingOrder
        head = self.horizontalHeader()
        head.blockSignals(True)
        head.setSortIndicator(column, order)
        head.blockSignals(False)
        self.values.sort(column, order)

    def orders(self) -> QMenu:
        """Every column to sort by."""
        menu = QMenu(self)
        menu.setObjectName("ordersMenu")
        titles = [self.tr("Sort by {column}").format(column=title) for title in self.values.heads]
        add_sort_entries(menu, titles, self.horizontalHeader().sortIndicatorSection(), self._sort_by)
        return menu

    def _sort_by(self, column: int) -> None:
        head = self.horizontalHeader()
        rising = head.sortIndicatorSection() == column and head.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
        head.setSortIndicator(column, Qt.SortOrder.DescendingOrder if rising else Qt.SortOrder.AscendingOrder)

    def _offer_orders(self, at: QPoint) -> None:
        menu = self.orders()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.viewport().mapToGlobal(at))

    def choose(self, meaning: Any) -> None:
        """Makes the row that stands for `meaning` the current one."""
        for at, (_, known) in enumerate(self.values.rows):
            if known == meaning:
                self.setCurrentIndex(self.values.index(at, 0))  # selectRow finds no column from right to left
                self.scrollTo(self.values.index(at, 0))
                return

    def _changed(self, now: QModelIndex, before: QModelIndex) -> None:
        del before
        if now.isValid():
            self.chosen.emit(self.values.rows[now.row()][1])
