"""The window on a real X screen: it is mapped, painted, and takes keys from the keyboard focus."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox, QWidget
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


def focus_by_tab(qtbot: QtBot, window: MainWindow, name: str, most: int = 80) -> QWidget:
    """Tab until the control of this name has the focus."""
    for _ in range(most):
        found = window.focusWidget()
        if found is not None and found.objectName() == name:
            return found
        QTest.keyClick(found or window, Qt.Key.Key_Tab)
        QGuiApplication.processEvents()
    raise AssertionError(f"{name} is not reached by Tab; the focus is at {window.focusWidget()}")


def test_the_wizard_is_gone_through_by_keyboard_alone(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "polyps").mkdir()
    window.activateWindow()
    window.open_path(tmp_path / "polyps")
    qtbot.waitUntil(lambda: window.project.ready, timeout=20_000)
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    page: Any = window.page("tune")
    qtbot.waitUntil(lambda: page.isVisible() and page.catalogue.complete, timeout=20_000)
    qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is not None, timeout=5000)
    focus_by_tab(qtbot, window, "wizardNext")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)  # data → model
    card = focus_by_tab(qtbot, window, "model_starter")
    QTest.keyClick(card, Qt.Key.Key_Down)
    assert page.draft.weights == "starter-cris"
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Up)
    assert page.draft.weights == "starter"
    focus_by_tab(qtbot, window, "wizardNext")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)  # → strategy
    card = focus_by_tab(qtbot, window, "strategy_vpt")
    QTest.keyClick(card, Qt.Key.Key_Down)
    assert page.draft.strategy != "vpt"
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Up)
    assert page.draft.strategy == "vpt"
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)  # → settings
    qtbot.waitUntil(lambda: any(made.isVisible() for made in page.findChildren(QSpinBox, "training_epochs")))
    epochs = focus_by_tab(qtbot, window, "training_epochs")
    QTest.keyClick(epochs, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(epochs, "3")
    focus_by_tab(qtbot, window, "wizardNext")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)  # → review
    focus_by_tab(qtbot, window, "copyRecipe")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert "epochs: 3" in QGuiApplication.clipboard().text()
    focus_by_tab(qtbot, window, "wizardNext")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Space)  # start
    qtbot.waitUntil(lambda: window.stack.currentWidget() is window.page("runs"), timeout=20_000)
