"""The window on a real X screen: it is mapped, painted, and takes keys from the keyboard focus."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tunevlseg_gui.main_window import MainWindow

pytestmark = pytest.mark.xvfb

PAGES = ("start", "data", "tune", "runs", "segment", "models")


def on_screen(window: MainWindow) -> QImage:
    """What the screen shows where the window lies, not what the window would like to have painted."""
    corner = window.mapToGlobal(QPoint(0, 0))
    return window.screen().grabWindow(0, corner.x(), corner.y(), window.width(), window.height()).toImage()


def alike(one: QImage, other: QImage, step: int = 5) -> float:
    """Share of the pixels that are equal, of every fifth in both directions."""
    if one.size() != other.size():
        return 0.0
    places = [(x, y) for y in range(0, one.height(), step) for x in range(0, one.width(), step)]
    # The alpha of a screen's picture means nothing.
    same = sum((one.pixel(x, y) ^ other.pixel(x, y)) & 0xFFFFFF == 0 for x, y in places)
    return same / len(places)


def test_every_page_reaches_the_screen(window: MainWindow, qtbot: QtBot) -> None:
    assert QGuiApplication.platformName() == "xcb"
    pictures = []
    for page in PAGES:
        window.show_page(page)
        # A blinking cursor or a bar on the move may differ between two looks.
        qtbot.waitUntil(lambda: alike(on_screen(window), window.grab().toImage()) > 0.98, timeout=5000)
        pictures.append(on_screen(window))
    for before, after in itertools.pairwise(pictures):
        assert alike(before, after) < 0.999, "two pages look the same"


def test_the_keyboard_reaches_the_window(window: MainWindow, qtbot: QtBot) -> None:
    # No window manager runs on a bare virtual screen, so the focus is asked for.
    window.activateWindow()
    qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is not None, timeout=5000)
    QTest.keyClick(window, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: window.focusWidget() is not None, timeout=5000)
    first = window.focusWidget()
    QTest.keyClick(first, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: window.focusWidget() is not first, timeout=5000)
