"""Pages come to the front from the rail."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from tunevlseg_gui.frame.page_list import PAGES
from tunevlseg_gui.main_window import MainWindow


@pytest.mark.parametrize("name", [page[0] for page in PAGES])
def test_the_rail_leads_to_every_page(window: MainWindow, qtbot: QtBot, name: str) -> None:
    found = window.findChild(QToolButton, f"rail_{name}")
    assert found is not None
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is window.page(name)
    assert found.isChecked()
