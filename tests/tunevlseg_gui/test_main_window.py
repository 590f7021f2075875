"""The window as a user sees it: messages, themes, what is remembered."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from engine.runs.folders import home
from tests.drives import probe
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.settings import store
from tunevlseg_gui.settings.model import ViewerSettings
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.viewer.habits import habits

WAIT = 20_000


def press(qtbot: QtBot, window: QWidget, name: str) -> None:
    found = window.findChild(QPushButton, name)
    assert found is not None, name
    qtbot.waitUntil(found.isEnabled, timeout=WAIT)
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def test_a_job_that_fails_is_told_in_the_banner_and_can_be_copied(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "fail"
    folder.mkdir()
    window.open_path(folder)
    qtbot.waitUntil(lambda: window.banner.notice is not None, timeout=WAIT)
    assert window.banner.notice is not None
    assert window.banner.notice.message == "images/a.png is empty."
    assert window.banner.notice.hint == "Replace the file."
    press(qtbot, window, "bannerCopy")
    assert "ScanUnreadable" in QApplication.clipboard().text()
    close = window.findChild(QToolButton, "bannerClose")
    assert close is not None
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert window.banner.notice is None


def test_a_worker_that_dies_is_told_and_the_window_works_on(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    bad, good = tmp_path / "crash", tmp_path / "good"
    bad.mkdir()
    good.mkdir()
    window.open_path(bad)
    qtbot.waitUntil(lambda: window.banner.notice is not None, timeout=WAIT)
    assert window.banner.notice is not None
    assert "killed" in window.banner.notice.message
    window.open_path(good)
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.banner.notice is None


def test_themes_change_every_colour_and_are_remembered(window: MainWindow) -> None:
    window.use_theme("light")
    light = window.grab().toImage().pixelColor(400, 60)
    window.use_theme("dark")
    dark = window.grab().toImage().pixelColor(400, 60)
    assert light.lightness() > 200 > 60 > dark.lightness()
    assert json.loads((home() / "settings.json").read_text())["theme"] == "dark"
    assert set(look().tokens) == set(_tokens("light")) == set(_tokens("dark"))
    window.use_theme("light")


def _tokens(theme: str) -> dict[str, str]:
    file = Path(__file__).resolve().parents[2] / "resources" / "themes" / f"{theme}.json"
    found: dict[str, str] = json.loads(file.read_text())
    return found


def test_void_calls_and_emits_keep_the_references_of_none(window: MainWindow) -> None:
    """PySide6 6.12.0 on Python 3.11 loses one a call and aborts after some thousands."""
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(500):
        window.update()
        window.start.demo_wanted.disconnect()
        window.start.demo_wanted.connect(window.try_demo)
        window.rail.update()
    assert sys.getrefcount(None) > before[0] - 250
    assert sys.getrefcount(True) > before[1] - 250


def test_a_habit_of_looking_is_written_at_once(window: MainWindow) -> None:
    habits().set_right_drag("zoom")
    assert window.settings.viewer.right_drag == "zoom"
    assert store.load().viewer.right_drag == "zoom"
    habits().use(ViewerSettings())


def test_who_drives_the_window_from_outside_finds_the_segment_page(window: MainWindow) -> None:
    assert probe.state()["page"] is False
    window.show_page("segment")
    assert probe.page() is window.page("segment")
    assert probe.state()["page"] is True
