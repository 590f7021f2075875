"""The live grid of a tournament: models and strategies downwards, datasets across, coloured by Dice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from tunevlseg_gui.catalogue import strategy_title
from tunevlseg_gui.pages.experiments.tournament_state import CellView, TournamentState
from tunevlseg_gui.theme.look import look

AnyIndex = QModelIndex | QPersistentModelIndex
LEVELS = 64


class GridModel(QAbstractTableModel):
    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.state = TournamentState()
        self._table: list[tuple[int, int, int]] = []

    def show_state(self, state: TournamentState) -> None:
        same = (state.lines, state.datasets) == (self.state.lines, self.state.datasets)
        if not same:
            self.beginResetModel()
        self.state = state
        if not same:
            self.endResetModel()
        elif self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.state.lines)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.state.datasets)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            name = self.state.datasets[section]
            return self.tr("{name} (synthetic)").format(name=name) if name in self.state.synthetic else name
        model, row = self.state.lines[section]
        return f"{Path(model).name} · {strategy_title(row)}"  # a folder's path is told by the tip

    def place(self, index: AnyIndex) -> tuple[str, str, str]:
        model, row = self.state.lines[index.row()]
        return model, row, self.state.datasets[index.column()]

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        place = self.place(index)
        cells = self.state.places.get(place, [])
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(place, cells)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                return self.tip(place, cells)
            case Qt.ItemDataRole.TextAlignmentRole:
                return int(Qt.AlignmentFlag.AlignCenter)
            case Qt.ItemDataRole.BackgroundRole:
                return self._ground(place, cells)
            case Qt.ItemDataRole.ForegroundRole:
                return self._ink(place, cells)
        return None

    def text(self, place: tuple[str, str, str], cells: list[CellView]) -> str:
        states = {cell.state for cell in cells}
        if "running" in states:
            return self.tr("running {epoch}").format(epoch=self.state.epoch).strip()
        dice = self.state.dice(place)
        if dice is not None:
            done = sum(cell.state == "done" for cell in cells)
            return f"{dice:.3f}" + (f"  ({done}/{len(cells)})" if done < len(cells) else "")
        if "failed" in states:
            return self.tr("failed")
        if states == {"impossible"}:
            return self.tr("impossible")
        return "·"

    def tip(self, place: tuple[str, str, str], cells: list[CellView]) -> str:
        words = {
            "waiting": self.tr("waiting"), "running": self.tr("running"), "done": self.tr("done"),
            "failed": self.tr("failed"), "impossible": self.tr("impossible"),
        }  # fmt: skip
        model, row, dataset = place
        lines = [f"{model} · {strategy_title(row)} · {dataset}"]
        for cell in cells:
            told = words[cell.state] + (
                self.tr(", Dice {dice}").format(dice=f"{cell.dice:.4f}") if cell.dice is not None else ""
            )
            lines.append(self.tr("seed {seed}: {told}").format(seed=cell.seed, told=told))
            if cell.why:
                lines.append(cell.why)
        return "\n".join(lines)

    def range(self) -> tuple[float, float] | None:
        """The lowest and the highest Dice in sight."""
        known = [dice for place in self.state.places if (dice := self.state.dice(place)) is not None]
        return (min(known), max(known)) if known else None

    def _colour(self, place: tuple[str, str, str]) -> QColor | None:
        dice, ends = self.state.dice(place), self.range()
        if dice is None or ends is None:
            return None
        if not self._table:
            from pyqtgraph import colormap  # slow to import: with the first cell that is done

            self._table = [tuple(one[:3]) for one in colormap.get("viridis").getLookupTable(nPts=LEVELS).tolist()]
        share = (dice - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 1.0
        return QColor(*self._table[round(share * (LEVELS - 1))])

    def _ground(self, place: tuple[str, str, str], cells: list[CellView]) -> QBrush | None:
        if any(cell.state == "running" for cell in cells):
            return QBrush(look().colour("accent_soft"))
        colour = self._colour(place)
        if colour is not None:
            return QBrush(colour)
        if cells and all(cell.state == "impossible" for cell in cells):
            return QBrush(look().colour("strong_border"), Qt.BrushStyle.BDiagPattern)
        return None

    def _ink(self, place: tuple[str, str, str], cells: list[CellView]) -> QColor | None:
        if any(cell.state == "running" for cell in cells):
            return look().colour("accent_text")
        colour = self._colour(place)
        if colour is not None:
            light = 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
            return QColor("#101418" if light > 125 else "#ffffff")
        if any(cell.state == "failed" for cell in cells):
            return look().colour("danger")
        return look().colour("muted")


class CellGrid(QTableView):
    """Enter or a double click opens what lies in a cell."""

    opened = Signal(str)  # run or study of a cell

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cellGrid")
        self.setAccessibleName(self.tr("Cells of the tournament"))
        self.values = GridModel(self)
        self.setModel(self.values)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setMinimumSectionSize(110)
        self.verticalHeader().setDefaultSectionSize(30)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.activated.connect(lambda _index: self.open_current())

    def open_current(self) -> None:
        run = self.current_run()
        if run:
            self.opened.emit(run)

    def current_run(self) -> str:
        index = self.currentIndex()
        if not index.isValid():
            return ""
        return next((cell.run for cell in self.values.state.places.get(self.values.place(index), []) if cell.run), "")
