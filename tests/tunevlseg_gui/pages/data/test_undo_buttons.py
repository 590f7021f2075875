"""Undo and redo on the Data page: by their buttons and by their keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.data.page import DataPage
from tunevlseg_gui.project import Project

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_buttons_say_what_they_take_back_and_keys_do_the_same(qtbot: QtBot, client: EngineClient) -> None:
    project = Project()
    page = DataPage(client, project)
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    undo, redo = (page.findChild(QToolButton, name) for name in ("undoEdit", "redoEdit"))
    assert not undo.isEnabled()
    project.move_cases({f"case-{at}": "val" for at in range(12)})
    assert undo.accessibleName() == "Undo move of 12 cases to val"
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert project.moves == {}
    assert redo.accessibleName() == "Redo move of 12 cases to val"
    for keys in (CTRL | SHIFT, CTRL):
        qtbot.keyClick(page, Qt.Key.Key_Y if keys == CTRL else Qt.Key.Key_Z, keys)
        assert len(project.moves) == 12
        qtbot.keyClick(page, Qt.Key.Key_Z, CTRL)
        assert project.moves == {}
