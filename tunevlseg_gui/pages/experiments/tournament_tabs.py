"""What a tournament has found, in tabs: the live grid, Dice against cost, a table each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from tunevlseg_gui.catalogue import strategy_title
from tunevlseg_gui.pages.experiments.cell_grid import CellGrid
from tunevlseg_gui.pages.experiments.tournament_state import TournamentState
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.plain_table import Cell, PlainTable, text_cell
from tunevlseg_gui.widgets.text import label

GRID, COST, TABLES = 0, 1, 2
"""Places of the tabs; there is one for each table from the third on."""


class TournamentTabs(QTabWidget):
    opened = Signal(str)  # run or study of a cell

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tournamentTabs")
        self.setDocumentMode(True)
        self.state = TournamentState()
        self._cost: Any = None
        self.grid = CellGrid()
        self.scale = label("", "muted", name="gridScale")
        self.open = button(self.tr("Open this cell"), "openCell", self.grid.open_current, picture="runs")
        place = QWidget()
        inner = QVBoxLayout(place)
        inner.setContentsMargins(0, 10, 0, 0)
        inner.addWidget(self.grid, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.scale, 1)
        foot.addWidget(self.open)
        inner.addLayout(foot)
        self.addTab(place, self.tr("Grid"))
        self._cost_place = QWidget()
        QVBoxLayout(self._cost_place).setContentsMargins(0, 0, 0, 0)
        self.addTab(self._cost_place, self.tr("Pareto"))
        self.currentChanged.connect(lambda _at: self._show_cost())
        self.grid.opened.connect(self.opened)
        self.grid.selectionModel().currentChanged.connect(lambda *_: self._offer())
        self._offer()

    def show_state(self, state: TournamentState) -> None:
        """The grid alone: what changes with each epoch."""
        self.state = state
        self.grid.values.show_state(state)
        ends = self.grid.values.range()
        self.scale.setText(
            self.tr("Dark: Dice {low:.3f}, light: {high:.3f}. Hatched: impossible. Hover tells why.").format(
                low=ends[0], high=ends[1]
            )
            if ends
            else self.tr("Hatched: impossible. Hover tells why.")
        )
        self._offer()

    def show_results(self) -> None:
        """A tab for each table behind the first two, and the points of the cost."""
        kept = self.currentIndex()
        while self.count() > TABLES:
            gone = self.widget(TABLES)
            self.removeTab(TABLES)
            gone.deleteLater()
        for at, shown in enumerate(self.state.shown):
            if not shown["rows"]:
                continue
            place = QWidget()
            rows = QVBoxLayout(place)
            rows.setContentsMargins(0, 10, 0, 0)
            table = PlainTable(f"results_{at}", str(shown["title"]), sorts=False)
            table.show_rows(shown["head"], self._cells(shown))
            rows.addWidget(table, 1)
            rows.addWidget(label(str(shown["note"]), "muted", wrap=True))
            self.addTab(place, str(shown["title"]))
        self.setCurrentIndex(kept if kept < self.count() else GRID)
        self._show_cost()

    def _cells(self, shown: Mapping[str, Any]) -> list[tuple[list[Cell], None]]:
        """Of one table: strategies by their titles, the best of a column told by its colour and in words."""
        best = {tuple(place) for place in shown.get("bold", ())}
        named = list(shown["head"]).index("strategy") if "strategy" in shown["head"] else -1
        return [
            (
                [
                    text_cell(
                        strategy_title(str(one)) if column == named else str(one),
                        "best" if (line, column) in best else "",
                        self.tr("The best of its column") if (line, column) in best else "",
                    )
                    for column, one in enumerate(row)
                ],
                None,
            )
            for line, row in enumerate(shown["rows"])
        ]

    def _show_cost(self) -> None:
        if self.currentIndex() != COST:
            return
        if self._cost is None:
            from tunevlseg_gui.pages.experiments.plots.cost_plot import CostPlot

            self._cost = CostPlot()
            self._cost_place.layout().addWidget(self._cost)
        self._cost.show_points(self.state.front)

    def _offer(self) -> None:
        self.open.setEnabled(bool(self.grid.current_run()))
