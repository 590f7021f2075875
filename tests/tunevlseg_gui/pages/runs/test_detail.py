"""Tabs of a run: made when first shown, told of another run when they come to the front."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.fakes.run_folders import write_run
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.detail import PANELS, RunDetail


@pytest.fixture
def detail(qtbot: QtBot, client: EngineClient) -> RunDetail:
    made = RunDetail(client)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_panel_follows_the_run_when_it_is_looked_at(detail: RunDetail, qtbot: QtBot, tmp_path: Path) -> None:
    first, second = write_run(tmp_path / "a", "vpt", 1), write_run(tmp_path / "b", "coop", 2)
    detail.show_run(first)
    assert detail.tabs.currentIndex() == 0
    detail.show_panel("settings")
    panel = detail.panel("settings")
    qtbot.waitUntil(lambda: "name: vpt" in panel.recipe.toPlainText())
    assert "CPU" in panel.environment.toPlainText()
    assert panel.changes.toPlainText() == "None."
    detail.show_run(second)
    assert detail.tabs.currentIndex() == 0
    detail.show_panel("settings")
    qtbot.waitUntil(lambda: "name: coop" in panel.recipe.toPlainText())
    assert detail.panel("settings") is panel


@pytest.mark.parametrize("name", [row[0] for row in PANELS])
def test_every_panel_can_be_shown_for_any_run(detail: RunDetail, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    detail.show_run(write_run(tmp_path / "run", cases=0))
    detail.show_panel(name)
    qtbot.waitUntil(detail.panel(name).isVisible)
    assert detail.live.header.isVisible()
