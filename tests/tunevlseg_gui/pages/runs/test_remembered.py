"""How the table of runs looks is kept with the other settings, and damaged ones cost only themselves."""

from __future__ import annotations

import json

from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.pages.runs.page import RunsPage
from tunevlseg_gui.settings import store
from tunevlseg_gui.settings.model import RunsSettings


def test_columns_and_order_are_there_again(window: MainWindow) -> None:
    page = window.page("runs")
    assert isinstance(page, RunsPage)
    actions = {action.text(): action for action in page.overview.runs.columns_menu().actions()}
    actions["Seed"].setChecked(True)
    page.overview.runs.sort_by(1)
    kept = store.load().runs
    assert "seed" in kept.columns
    assert (kept.sort, kept.downwards) == ("name", False)
    other = RunsPage(window.client)
    other.use_settings(store.load())
    assert other.overview.runs.shown_columns == kept.columns
    assert other.model.order == ("name", False)
    other.deleteLater()


def test_odd_settings_become_the_usual_ones() -> None:
    path = store.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = {"version": 2, "recent": [], "runs": {"columns": None, "widths": {"name": 99999}, "sort": None}}
    path.write_text(json.dumps(settings), encoding="utf-8")
    assert store.load().runs == RunsSettings(widths={"name": 2000})
