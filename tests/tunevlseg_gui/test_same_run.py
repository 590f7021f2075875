"""The button, the command and the Python text of the review start the very same run: equal metrics but for seconds."""

from __future__ import annotations

import csv
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.runs.detached import engine_environment
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.bridge.launching import engine_program
from tunevlseg_gui.main_window import MainWindow

pytestmark = pytest.mark.slow
WAIT = 240_000


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    rows, columns = np.mgrid[:48, :48]
    for number in range(10):
        mask = ((rows - 24) ** 2 + (columns - 14 - number) ** 2 < 100).astype(np.uint8) * 255
        for kind, array in (("images", np.stack([mask // 2 + 60] * 3, axis=-1)), ("masks", mask)):
            (tmp_path / "blobs" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(tmp_path / "blobs" / kind / f"case{number}.png")
    made = MainWindow(EngineClient())
    qtbot.addWidget(made)
    made.show()
    made.open_path(tmp_path / "blobs")
    qtbot.waitUntil(lambda: made.project.ready, timeout=WAIT)
    yield made
    made.close()


def metrics(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as rows:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(rows)]


def press(qtbot: QtBot, window: MainWindow, name: str) -> None:
    found = window.findChild(QPushButton, name)
    assert found is not None
    qtbot.waitUntil(lambda: found.isVisible() and found.isEnabled(), timeout=WAIT)
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def review(qtbot: QtBot, window: MainWindow) -> Any:
    """The review, drawn anew; its recipe lies on the disk."""
    window.show_page("tune")
    press(qtbot, window, "step_settings")
    press(qtbot, window, "step_review")
    page: Any = window.page("tune")
    qtbot.waitUntil(page.review_step.file.is_file, timeout=WAIT)
    return page


def test_three_ways_to_the_same_numbers(window: MainWindow, qtbot: QtBot) -> None:
    window.passages.tune_dataset()
    page: Any = window.page("tune")
    qtbot.waitUntil(lambda: page.catalogue.complete, timeout=WAIT)
    press(qtbot, window, "step_settings")
    page.settings_step.training.put("epochs", 2)
    review(qtbot, window)
    press(qtbot, window, "wizardNext")
    runs: Any = window.page("runs")
    qtbot.waitUntil(lambda: window.stack.currentWidget() is runs, timeout=WAIT)
    qtbot.waitUntil(lambda: runs.live.state.over, timeout=WAIT)
    assert runs.live.state.phase == "finished"
    by_button = metrics(Path(runs.live.folder))
    assert len(by_button) == 2

    review(qtbot, window)
    program, *words = shlex.split(window.findChild(QPlainTextEdit, "reviewCommand").toPlainText())
    assert program == "tunevlseg"
    subprocess.run([*engine_program(), *words], env=engine_environment(), check=True, capture_output=True)
    assert metrics(Path(words[words.index("--out") + 1])) == by_button

    page = review(qtbot, window)
    text = window.findChild(QPlainTextEdit, "reviewPython").toPlainText()
    subprocess.run([sys.executable, "-c", text], env=engine_environment(), check=True, capture_output=True)
    assert metrics(page.wizard.out) == by_button
