"""Curves, images and log of a run: beside each other in a wide place, behind each other in a narrow one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tunevlseg_gui.pages.runs.live_body import LiveBody
from tunevlseg_gui.pages.runs.live_view import LiveView


def test_curves_go_among_the_tabs_and_come_back(qtbot: QtBot) -> None:
    curves, images, log = QLabel("curves"), QLabel("images"), QLabel("log")
    body = LiveBody(curves, images, log)
    qtbot.addWidget(body)
    body.resize(1200, 500)
    body.show()
    qtbot.waitExposed(body)
    assert [body.tabs.tabText(at) for at in range(body.tabs.count())] == ["Images", "Log"]
    body.tabs.setCurrentIndex(1)
    body.resize(700, 500)
    assert [body.tabs.tabText(at) for at in range(body.tabs.count())] == ["Curves", "Images", "Log"]
    assert curves.isVisible()
    assert not images.isVisible()
    body.resize(1200, 500)
    assert curves.isVisible()
    assert images.isVisible() or log.isVisible()
    assert [body.tabs.tabText(at) for at in range(body.tabs.count())] == ["Images", "Log"]


def test_a_small_window_has_plots_beside_each_other_and_buttons_without_words(qtbot: QtBot, tmp_path: Path) -> None:
    view = LiveView()
    qtbot.addWidget(view)
    view.show_run(tmp_path / "run", "run", "")
    view.resize(1300, 900)
    view.show()
    qtbot.waitExposed(view)
    split = view.curves._split
    assert split.orientation() == Qt.Orientation.Vertical
    assert view.back.text() == "All runs"
    view.resize(790, 480)
    assert split.orientation() == Qt.Orientation.Horizontal
    assert view.back.text() == ""
    assert view.back.accessibleName() == "All runs"
    assert view.back.toolTip() == "All runs"
    view.resize(1300, 900)
    assert view.back.text() == "All runs"
