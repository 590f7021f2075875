"""Tables and points of a tournament."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.pages.experiments.plots.cost_plot import CostPlot
from tunevlseg_gui.pages.experiments.tournament_state import TournamentState
from tunevlseg_gui.pages.experiments.tournament_tabs import TABLES, TournamentTabs
from tunevlseg_gui.widgets.plain_table import PlainTable


def test_a_table_calls_strategies_as_papers_do_and_tells_the_best(qtbot: QtBot) -> None:
    tabs = TournamentTabs()
    qtbot.addWidget(tabs)
    rows = [["starter", "vpt@prompt_depth=2", "0.600"], ["starter", "zero_shot", "0.300"]]
    shown = {"title": "Dice", "note": "", "head": ["model", "strategy", "polyps"], "rows": rows, "bold": [[0, 2]]}
    tabs.show_state(TournamentState("t", shown=[shown]))
    tabs.show_results()
    table = tabs.widget(TABLES).findChild(PlainTable, "results_0")
    assert table is not None
    cells = [row[0] for row in table.values.rows]
    assert [cell.text for cell in cells[0]] == ["starter", "VPT, Prompt depth 2", "0.600"]
    assert cells[1][1].text == "Zero-shot"
    assert [[bool(cell.tip) for cell in row] for row in cells] == [[False, False, True], [False, False, False]]


def test_points_of_several_models_say_which(qtbot: QtBot) -> None:
    plot = CostPlot()
    qtbot.addWidget(plot)
    point = {"row": "coop", "dice": 0.5, "learned": 10, "seconds": 1.0, "bytes": 10}
    plot.show_points([{**point, "model": "starter"}])
    assert plot.accessibleDescription() == "CoOp 0.500"
    plot.show_points([{**point, "model": "starter"}, {**point, "model": "weights/other"}])
    assert plot.accessibleDescription() == "starter · CoOp 0.500, other · CoOp 0.500"


def test_tables_of_one_tournament_do_not_stand_under_the_name_of_another(window: MainWindow, tmp_path: Path) -> None:
    page: Any = window.page("experiments")
    tab = page.tab("tournaments")
    shown = {"title": "Dice", "note": "", "head": ["model", "strategy"], "rows": [["starter", "coop"]]}
    tab.tabs.show_state(TournamentState("one", shown=[shown]))
    tab.tabs.show_results()
    assert tab.tabs.count() == TABLES + 1
    (tmp_path / "other.yaml").write_text("no matrix")
    tab.choose(tmp_path / "other.yaml")
    assert tab.tabs.count() == TABLES
