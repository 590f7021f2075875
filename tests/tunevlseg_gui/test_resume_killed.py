"""A run whose worker is killed: told in the window, resumed by its button, and its curves go on where they were."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.contract.jobs import Tune
from engine.runs.folders import runs_folder
from engine.runs.lock import holder
from engine.runs.writer import read_metrics
from engine.synthetic.sample_data import write_dataset
from tests.fakes.recipes import write_recipe
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow

WAIT = 120_000
EPOCHS = 12


@pytest.fixture
def recipe(tiny_weights: Path, tmp_path: Path) -> Path:
    data, halves = tmp_path / "polyps", {"train": 0.5, "val": 0.25, "test": 0.25}
    write_dataset("polyps", data, count=12)
    return write_recipe(tmp_path, tiny_weights, data, name="killed", depth=3, split=halves, epochs=EPOCHS, batch_size=1)


@pytest.fixture
def window(qtbot: QtBot, qapp: object) -> Iterator[MainWindow]:
    made = MainWindow(EngineClient())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_killed_run_goes_on_from_the_runs_page(window: MainWindow, qtbot: QtBot, recipe: Path) -> None:
    run = runs_folder() / "killed"
    window.client.start_run(Tune(str(recipe), str(run)))
    page = window.page("runs")
    window.show_page("runs")
    page.open_run(run)
    live = page.live
    qtbot.waitUntil(lambda: live.state.epoch >= 2, timeout=WAIT)
    found = holder(run)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: live.state.phase == "interrupted", timeout=WAIT)
    assert window.banner.notice is not None
    assert "was killed" in window.banner.notice.message
    assert "Resume" in window.banner.notice.hint
    kept = read_metrics(run)
    assert 2 <= len(kept) < EPOCHS

    page.show_table()
    qtbot.waitUntil(lambda: page.model.rowCount() == 1 and page.resume.isVisible(), timeout=WAIT)
    qtbot.mouseClick(page.resume, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: live.state.phase == "finished", timeout=WAIT)
    rows = read_metrics(run)
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    # An epoch whose row was written before its weights were is computed again: the same numbers, other seconds.
    assert [row | {"seconds": 0} for row in rows[: len(kept)]] == [row | {"seconds": 0} for row in kept]
    assert [epoch for epoch, _ in live.dice.points("val")] == list(range(1, EPOCHS + 1))
    assert window.banner.notice is None
