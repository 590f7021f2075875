"""The window as a user sees it: opening things, messages, themes, closing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from engine.runs.folders import home
from tunevlseg_gui.app import begin
from tunevlseg_gui.main_window import DEMO_SET, PAGES, RESEARCH_ONLY, MainWindow
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


def test_it_names_the_device_and_says_research_use_only(window: MainWindow, qtbot: QtBot) -> None:
    window.begin([])
    qtbot.waitUntil(lambda: window.device.text() == "Device: CPU", timeout=WAIT)
    only = window.findChild(QLabel, "statusResearch")
    assert only is not None
    assert only.text() == "Research use only"
    assert window.banner.notice is not None
    assert window.banner.notice.message == RESEARCH_ONLY


@pytest.mark.parametrize("name", [page[0] for page in PAGES])
def test_the_rail_leads_to_every_page(window: MainWindow, qtbot: QtBot, name: str) -> None:
    found = window.findChild(QToolButton, f"rail_{name}")
    assert found is not None
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is window.page(name)
    assert found.isChecked()


def test_a_path_of_no_use_is_told_with_what_to_do(window: MainWindow, tmp_path: Path) -> None:
    window.open_path(tmp_path / "gone")
    assert window.banner.notice is not None
    assert "gone is not there" in window.banner.notice.message
    note = tmp_path / "notes.docx"
    note.write_text("no scan")
    window.open_path(note)
    assert "of no kind that can be opened" in window.banner.notice.message
    assert window.banner.notice.hint


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


def test_a_dropped_folder_opens_and_is_remembered(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "polyps"
    folder.mkdir()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), action, mime, buttons, keys))
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.stack.currentWidget() is window.page("data")
    saved = json.loads((home() / "settings.json").read_text())
    assert saved["recent"][0]["path"] == str(folder)
    assert window.start.recent.item(0).text().startswith("polyps")


def test_the_demo_draws_samples_and_opens_the_first_set(window: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, window, "tryDemo")
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.stack.currentWidget() is window.page("data")


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


def test_the_option_demo_opens_the_set_that_fits_the_sample_volume(window: MainWindow, qtbot: QtBot) -> None:
    begin(window, ["tunevlseg-gui", "--demo"])
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.project.folder is not None
    assert window.project.folder.name == DEMO_SET
    assert window.stack.currentWidget() is window.page("data")


def test_a_habit_of_looking_is_written_at_once(window: MainWindow) -> None:
    habits().set_right_drag("zoom")
    assert window.settings.viewer.right_drag == "zoom"
    assert store.load().viewer.right_drag == "zoom"
    habits().use(ViewerSettings())


def test_no_two_entries_of_a_menu_have_the_same_letter(window: MainWindow) -> None:
    """Else a key only moves between them, and the mouse is needed after all."""
    menus = [window.menuBar(), *window.menuBar().findChildren(QMenu)]
    assert len(menus) > 4
    for menu in menus:
        keys = [
            action.text().replace("&&", "").split("&")[1][0].lower()
            for action in menu.actions()
            if "&" in action.text()
        ]
        assert sorted(set(keys)) == sorted(keys)
        assert len(keys) == sum(not action.isSeparator() for action in menu.actions())
