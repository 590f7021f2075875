"""The demo, from its button and from the command line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tunevlseg_gui.app import begin
from tunevlseg_gui.frame.demo import DEMO_SET
from tunevlseg_gui.main_window import MainWindow

WAIT = 20_000


def test_the_demo_draws_samples_and_opens_the_first_set(window: MainWindow, qtbot: QtBot) -> None:
    button = window.findChild(QPushButton, "tryDemo")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.stack.currentWidget() is window.page("data")


def test_the_option_demo_opens_the_set_that_fits_the_sample_volume(window: MainWindow, qtbot: QtBot) -> None:
    begin(window, ["tunevlseg-gui", "--demo"])
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.project.folder is not None
    assert window.project.folder.name == DEMO_SET
    assert window.stack.currentWidget() is window.page("data")
