"""A drive fails where its window ends by a fault, and where what it looks at is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.drives import sight
from tests.drives.hand import Hand, StepFailed


def hand_of_a_window_that_ends_with(code: int, tmp_path: Path) -> Hand:
    made = Hand(tmp_path, tmp_path, 1.0, 60.0)
    made._window = subprocess.Popen(
        [sys.executable, "-c", f"import os; os._exit({code})"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return made


def test_a_window_that_crashes_while_it_closes_is_told(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="ended with 3"):
        hand_of_a_window_that_ends_with(3, tmp_path).wait_for_end()
    crashed = hand_of_a_window_that_ends_with(3, tmp_path)
    assert crashed._window is not None
    crashed._window.wait(60)
    with pytest.raises(StepFailed, match="ended with 3"):
        crashed.close()
    hand_of_a_window_that_ends_with(0, tmp_path).wait_for_end()


def test_the_step_that_failed_is_told_rather_than_the_end(tmp_path: Path) -> None:
    crashed = hand_of_a_window_that_ends_with(3, tmp_path)
    assert crashed._window is not None
    crashed._window.wait(60)

    def drive() -> None:
        try:
            raise StepFailed("a step")
        finally:
            crashed.close()

    with pytest.raises(StepFailed, match="a step"):
        drive()


def test_of_what_is_not_shown_nothing_can_be_said(qtbot: QtBot) -> None:
    shown = QWidget()
    shown.setObjectName("shown")
    narrow = QPushButton("Much longer than its place", shown)
    narrow.setFixedWidth(20)
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    assert [one["text"] for one in sight.cut("shown")] == [narrow.text()]
    assert len(sight.stops("shown")["tab"]) == 1
    for look in (sight.cut, sight.stops):
        with pytest.raises(LookupError, match="no “elsewhere”"):
            look("elsewhere")
