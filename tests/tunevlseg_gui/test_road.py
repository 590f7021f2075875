"""From a dataset to a bundle with the mouse: five clicks to a run, growing curves, one click to a bundle."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from engine.runs.folders import runs_folder
from engine.runs.layout import is_run
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.settings.model import WindowSettings

WAIT = 20_000


def press(qtbot: QtBot, window: QWidget, name: str) -> None:
    found = window.findChild(QPushButton, name)
    assert found is not None, name
    qtbot.waitUntil(lambda: found.isVisible() and found.isEnabled(), timeout=WAIT)
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def start_run(qtbot: QtBot, window: MainWindow, clicks: int = 5) -> Any:
    """The rest of the clicks, of which the last starts the run; returns its live view."""
    for _ in range(clicks):
        press(qtbot, window, "wizardNext")
    runs = window.page("runs")
    qtbot.waitUntil(lambda: window.stack.currentWidget() is runs, timeout=WAIT)
    return runs.live


def field(qtbot: QtBot, window: QWidget, kind: Any, name: str) -> Any:
    """A field of a form, which is built a few at a time."""
    qtbot.waitUntil(lambda: window.findChild(kind, name) is not None, timeout=WAIT)
    return window.findChild(kind, name)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    folder = tmp_path / "polyps"
    folder.mkdir()
    window.open_path(folder)
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    press(qtbot, window, "tuneDataset")
    page = window.page("tune")
    qtbot.waitUntil(lambda: page.catalogue.complete, timeout=WAIT)
    return window


def test_five_clicks_start_a_run_whose_curves_grow_and_that_is_exported(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    live = start_run(qtbot, window)
    runs = window.page("runs")
    qtbot.waitUntil(lambda: len(live.dice.points("val")) >= 2, timeout=WAIT)
    qtbot.waitUntil(lambda: live.state.phase == "finished", timeout=WAIT)
    values = live.dice.points("val")
    assert [epoch for epoch, _ in values] == list(range(1, 9))
    assert len(live.loss.points("train")) == 8
    # The fake's last epoch is worse: the mark stays at the best one.
    assert live.dice.best is not None
    assert live.dice.best[0] == max(values, key=lambda point: point[1])[0] == 7

    (run,) = (path for path in runs_folder().iterdir() if is_run(path))
    recipe = yaml.safe_load((run / "recipe.yaml").read_text())
    assert recipe["version"] == 1
    assert recipe["strategy"] == {"name": "vpt", "prompt_depth": 6, "num_context": 8, "upsampler": "none"}
    assert recipe["training"]["learning_rate"] == 0.05  # the model card's, not the published one
    assert recipe["model"] == {"name": "clipseg", "weights": "starter"}
    assert recipe["data"]["labels"][0]["phrase"] == "polyp"

    press(qtbot, window, "exportRun")
    dialog = runs._dialog
    assert dialog.chosen == ["fp32"]
    start, int8 = dialog.findChild(QPushButton, "exportStart"), dialog.findChild(QCheckBox, "precision_int8")
    dialog.boxes["fp32"].setChecked(False)
    assert not start.isEnabled()
    dialog.boxes["fp32"].setChecked(True)
    int8.setChecked(True)
    start.click()
    badge = dialog.findChild(QLabel, "exportBadge")
    qtbot.waitUntil(badge.isVisible, timeout=WAIT)
    assert badge.text() == "not verified"  # both must be
    assert "verified against torch" in dialog.findChild(QLabel, "verdict_fp32").text()
    assert "NOT verified" in dialog.findChild(QLabel, "verdict_int8").text()
    dialog.accept()


def test_going_back_and_forth_keeps_what_was_entered(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    for _ in range(3):
        press(qtbot, window, "wizardNext")
    depth = field(qtbot, window, QSpinBox, "strategy_prompt_depth")
    assert depth is not None
    assert depth.maximum() == 6  # the starter's image layers, not the twelve of the published network
    depth.setValue(3)
    review = window.findChild(QPlainTextEdit, "reviewRecipe")
    assert review is not None
    press(qtbot, window, "step_review")
    assert "prompt_depth: 3" in review.toPlainText()
    press(qtbot, window, "step_strategy")
    press(qtbot, window, "strategy_coop")
    press(qtbot, window, "step_review")
    assert "name: coop" in review.toPlainText()
    for _ in range(2):
        press(qtbot, window, "wizardBack")
    press(qtbot, window, "strategy_vpt")
    press(qtbot, window, "wizardNext")
    assert field(qtbot, window, QSpinBox, "strategy_prompt_depth").value() == 3
    press(qtbot, window, "wizardNext")
    assert "prompt_depth: 3" in review.toPlainText()


def test_what_would_learn_is_told_before_the_start(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    for _ in range(3):
        press(qtbot, window, "wizardNext")
    learned, warned = (window.findChild(QLabel, name) for name in ("learnedCount", "recipeWarnings"))
    qtbot.waitUntil(lambda: learned.text() == "6,000 numbers learn, 0.15 % of the model's 4,000,000", timeout=WAIT)
    assert not warned.isVisible()
    depth = field(qtbot, window, QSpinBox, "strategy_prompt_depth")
    depth.setValue(5)
    qtbot.waitUntil(lambda: "longer than the model's limit" in warned.text(), timeout=WAIT)
    assert learned.text().startswith("5,000 numbers")
    depth.setValue(1)
    qtbot.waitUntil(lambda: not warned.isVisible(), timeout=WAIT)
    assert learned.text().startswith("1,000 numbers")


def test_what_the_run_would_take_is_told_before_the_start(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    for _ in range(3):
        press(qtbot, window, "wizardNext")
    told = window.findChild(QLabel, "runEstimate")
    qtbot.waitUntil(lambda: told.text().startswith("At most 20 min"), timeout=WAIT)
    field(qtbot, window, QSpinBox, "training_epochs").setValue(7)
    assert not told.isVisible()  # of another run
    qtbot.waitUntil(lambda: told.text().startswith("At most 7 min"), timeout=WAIT)
    press(qtbot, window, "wizardBack")
    assert not told.text()


def test_a_strategy_that_the_model_cannot_take_says_why(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    press(qtbot, window, "wizardNext")
    press(qtbot, window, "model_starter-cris")
    press(qtbot, window, "wizardNext")
    page = window.page("tune")
    vpt = page.strategy_step.findChild(QPushButton, "strategy_vpt")
    assert not vpt.isEnabled()
    assert any("takes none" in text.text() for text in vpt.findChildren(QLabel))
    assert page.draft.strategy == "coop"


def test_the_review_shows_what_is_run(opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_EPOCHS", "1000")
    window = opened
    press(qtbot, window, "step_review")
    recipe = window.findChild(QPlainTextEdit, "reviewRecipe").toPlainText()
    command = shlex.split(window.findChild(QPlainTextEdit, "reviewCommand").toPlainText())
    qtbot.waitUntil(Path(command[2]).exists, timeout=WAIT)  # a command that is copied finds its recipe
    live = start_run(qtbot, window, 1)
    qtbot.waitUntil(lambda: live.state.epoch >= 1, timeout=WAIT)
    assert command[:2] == ["tunevlseg", "tune"]
    assert command[3] == "--out"
    assert Path(command[4]) == live.folder
    assert Path(command[2]).read_text(encoding="utf-8") == recipe
    press(qtbot, window, "stopRun")
    qtbot.waitUntil(lambda: live.state.over, timeout=WAIT)


def test_a_full_disk_is_told_and_the_run_can_go_on(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    for _ in range(3):
        press(qtbot, window, "wizardNext")
    name = window.findChild(QLineEdit, "runName")
    name.selectAll()
    qtbot.keyClicks(name, "disk-full")
    live = start_run(qtbot, window, 2)
    qtbot.waitUntil(lambda: live.state.phase == "failed", timeout=WAIT)
    notice = window.banner.notice
    assert notice is not None
    assert notice.tone == "danger"
    assert notice.message.startswith("The disk is full")
    assert "Free some space" in notice.hint
    assert len(live.dice.points("val")) == 2
    assert live.resume.isVisible()


def test_stop_keeps_the_best_and_ends_the_run(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_EPOCHS", "1000")
    window = opened
    live = start_run(qtbot, window)
    qtbot.waitUntil(lambda: live.state.epoch >= 2, timeout=WAIT)
    press(qtbot, window, "stopRun")
    qtbot.waitUntil(lambda: live.state.phase == "finished", timeout=WAIT)
    assert live.state.epoch < 1000


def test_a_new_window_finds_the_run_of_a_closed_one(
    opened: MainWindow, qtbot: QtBot, fake_program: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_EPOCHS", "1000")
    window = opened
    live = start_run(qtbot, window)
    qtbot.waitUntil(lambda: live.state.epoch >= 2, timeout=WAIT)
    seen = live.state.epoch
    window.settings.closing = "background"
    window.close()

    second = MainWindow(EngineClient(fake_program), WindowSettings(closing="background"))
    qtbot.addWidget(second)
    second.show()
    second.begin([])
    runs = second.page("runs")
    qtbot.waitUntil(lambda: runs._live is not None and runs.live.state.epoch > seen, timeout=WAIT)
    assert len(runs.live.dice.points("val")) == runs.live.state.epoch
    second.show_page("runs")
    press(qtbot, second, "stopRun")
    qtbot.waitUntil(lambda: runs.live.state.over, timeout=WAIT)
    second.close()


def test_a_flip_against_a_phrase_is_told_at_its_field(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    window.project.labels[0].phrase = "left polyp"
    for _ in range(3):
        press(qtbot, window, "wizardNext")
    flip, told = (
        field(qtbot, window, QCheckBox, "data_flip_horizontal"),
        window.findChild(QLabel, "data_flip_horizontal_problem"),
    )
    start = window.findChild(QPushButton, "wizardNext")
    assert flip is not None
    assert told is not None
    assert start is not None
    assert start.isEnabled()
    flip.setChecked(True)
    assert "'left polyp' names a side ('left')" in told.text()
    qtbot.waitUntil(lambda: told.isVisibleTo(window), timeout=WAIT)
    assert not start.isEnabled()
    flip.setChecked(False)
    assert start.isEnabled()
    turn = field(qtbot, window, QCheckBox, "data_flip_vertical")
    turn.setChecked(True)
    press(qtbot, window, "wizardNext")
    recipe = yaml.safe_load(window.findChild(QPlainTextEdit, "reviewRecipe").toPlainText())
    assert (recipe["data"]["flip_vertical"], recipe["data"]["flip_horizontal"]) == (True, False)
