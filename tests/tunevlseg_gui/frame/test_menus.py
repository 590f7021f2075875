"""The menus, by keys alone."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from tunevlseg_gui.main_window import MainWindow


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
