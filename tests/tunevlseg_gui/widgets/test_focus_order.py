"""Tab goes through widgets as they are read, whenever they were made."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.focus_order import as_read, put_in_order


def test_what_was_made_later_is_reached_where_it_stands(qtbot: QtBot) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    rows = QVBoxLayout(whole)
    area, inner, last = QScrollArea(), QWidget(), QPushButton("last")
    column = QVBoxLayout(inner)
    area.setWidget(inner)
    rows.addWidget(area)
    rows.addWidget(last)
    names = []
    for name, made in (("a", QLineEdit()), ("b", QSpinBox()), ("c", QLineEdit())):
        made.setObjectName(name)
        names.append(name)
        column.addWidget(made)
    column.insertWidget(0, QLabel("no stop"))
    early = QLineEdit()  # made last, read first
    early.setObjectName("early")
    column.insertWidget(0, early)
    last.setObjectName("last")
    order = [found.objectName() for found in as_read(whole) if found.objectName()]
    assert order == ["early", *names, "last"]
    put_in_order(whole)
    here, seen = early, []
    for _ in range(40):
        if here.objectName() in order and here.objectName() not in seen:
            seen.append(here.objectName())
        here = here.nextInFocusChain()
    assert seen == order


def test_buttons_in_the_cells_of_a_table_follow_it(qtbot: QtBot) -> None:
    whole = QWidget()
    rows = QVBoxLayout(whole)
    table = QTableWidget(2, 1)
    inside = [QPushButton(str(row)) for row in range(2)]
    for row, made in enumerate(inside):
        table.setCellWidget(row, 0, made)
    last = QPushButton("last")
    rows.addWidget(table)
    rows.addWidget(last)
    qtbot.addWidget(whole)
    assert list(as_read(whole)) == [table, *inside, last]
