"""What gets the keyboard from outside of a view that scrolls is brought into sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.sight import bring_into_sight, keep_focus_in_sight


def long_view(qtbot: QtBot) -> tuple[QScrollArea, list[QPushButton], QPushButton]:
    whole = QWidget()
    rows = QVBoxLayout(whole)
    inner = QWidget()
    column = QVBoxLayout(inner)
    inside = [QPushButton(str(number)) for number in range(40)]
    for made in inside:
        column.addWidget(made)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    outside = QPushButton("Next")
    rows.addWidget(area)
    rows.addWidget(outside)
    whole.resize(200, 200)
    qtbot.addWidget(whole)
    whole.show()
    whole.activateWindow()
    area.whole = whole  # type: ignore[attr-defined] # kept as long as the view
    return area, inside, outside


def test_tab_from_outside_scrolls_to_where_it_stops(qtbot: QtBot) -> None:
    area, inside, outside = long_view(qtbot)
    keep_focus_in_sight(area)
    outside.setFocus()
    qtbot.waitUntil(outside.hasFocus)
    qtbot.keyClick(outside, Qt.Key.Key_Backtab)
    qtbot.waitUntil(inside[-1].hasFocus)
    assert not inside[-1].visibleRegion().isEmpty()
    assert area.verticalScrollBar().value() > 0


def test_what_appears_is_brought_into_sight(qtbot: QtBot) -> None:
    _area, inside, _ = long_view(qtbot)
    bring_into_sight(inside[20])
    qtbot.waitUntil(lambda: not inside[20].visibleRegion().isEmpty())
