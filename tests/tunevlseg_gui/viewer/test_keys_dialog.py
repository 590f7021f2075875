from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QLabel

from tunevlseg_gui.settings.model import ViewerSettings
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.key_map import ACTIONS, conflicts, key_map, pressed
from tunevlseg_gui.viewer.keys_dialog import KeysDialog
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
OK = QDialogButtonBox.StandardButton.Ok


@pytest.fixture
def dialog(qtbot: Any) -> Iterator[KeysDialog]:
    made = KeysDialog()
    qtbot.addWidget(made)
    made.open_with({})
    yield made
    habits().use(ViewerSettings())


def test_no_two_actions_come_with_the_same_key() -> None:
    assert conflicts({}) == {}
    assert len(key_map({})) == sum(len(action.keys) for action in ACTIONS)


def test_what_is_not_changed_is_not_kept(dialog: KeysDialog) -> None:
    assert dialog.chosen() == {}


def test_a_changed_key_works_and_the_old_one_no_longer_does(dialog: KeysDialog, volume: ViewedScan, qtbot: Any) -> None:
    dialog.edits["overlay"].setKeySequence(QKeySequence("G"))
    dialog.buttons.button(OK).click()
    assert habits().settings.keys == {"overlay": ["G"]}
    viewer = ScanViewer()
    qtbot.addWidget(viewer)
    viewer.show_scan(volume)
    QTest.keyClick(viewer.view, Qt.Key.Key_S)
    assert viewer.state.overlay_on
    QTest.keyClick(viewer.view, Qt.Key.Key_G)
    assert not viewer.state.overlay_on


def test_two_actions_with_one_key_are_told_and_not_kept(dialog: KeysDialog) -> None:
    dialog.edits["overlay"].setKeySequence(QKeySequence("R"))
    assert "R: “Whole slice again” and “Masks on, off”" in dialog.told.text()
    assert not dialog.buttons.button(OK).isEnabled()
    dialog.edits["whole"].setKeySequence(QKeySequence("Shift+R"))
    assert dialog.buttons.button(OK).isEnabled()


def test_a_symbol_needs_no_shift(dialog: KeysDialog) -> None:
    dialog.edits["crosshair"].setKeySequence(QKeySequence("Shift++"))
    assert dialog.chosen() == {"crosshair": ["+"]}


def test_question_mark_and_f1_show_the_list(volume: ViewedScan, qtbot: Any) -> None:
    viewer = ScanViewer()
    qtbot.addWidget(viewer)
    viewer.show()
    viewer.show_scan(volume)
    QTest.keyClicks(viewer.view, "?")
    assert viewer._keys_dialog is not None
    assert viewer._keys_dialog.isVisible()
    viewer._keys_dialog.reject()
    QTest.keyClick(viewer.view, Qt.Key.Key_F1)
    assert viewer._keys_dialog.isVisible()


@pytest.mark.parametrize("told_as", [Qt.KeyboardModifier.GroupSwitchModifier, CTRL | ALT, ALT])
def test_brackets_are_found_where_they_are_typed_with_altgr(told_as: Qt.KeyboardModifier) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_BracketLeft, told_as, "[")
    assert key_map({})[pressed(event)] == "mask_before"


def test_ctrl_with_a_symbol_is_a_key_of_its_own() -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Slash, CTRL, "/")
    assert pressed(event) == "Ctrl+/"


def test_keys_that_cannot_be_changed_are_listed_too(dialog: KeysDialog) -> None:
    listed = " ".join(found.text() for found in dialog.findChildren(QLabel))
    for key in ("Ctrl+Enter", "Esc", "Ctrl+Z", "Delete", "Ctrl + left drag"):
        assert key in listed
