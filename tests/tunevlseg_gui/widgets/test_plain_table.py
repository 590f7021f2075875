"""Tables of texts sort by what they stand for, by mouse or keyboard, the missing last."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.plain_table import Head, PlainTable, number_cell, text_cell


@pytest.fixture
def table(qtbot: QtBot) -> PlainTable:
    made = PlainTable("table", "A table")
    qtbot.addWidget(made)
    values = {"b": 10.0, "a": 9.0, "C": None, "d": -1.0}
    made.show_rows(["Name", "Value"], [([text_cell(name), number_cell(value)], name) for name, value in values.items()])
    return made


def order(table: PlainTable) -> list[str]:
    return [meaning for _, meaning in table.values.rows]


def test_numbers_sort_by_size_and_the_missing_come_last(table: PlainTable) -> None:
    assert order(table) == ["b", "a", "C", "d"]
    by_value = table.orders().actions()[1]
    by_value.trigger()
    assert order(table) == ["d", "a", "b", "C"]
    table.orders().actions()[1].trigger()
    assert order(table) == ["b", "a", "d", "C"]
    table.orders().actions()[0].trigger()
    assert order(table) == ["a", "b", "C", "d"]


def test_a_row_is_chosen_by_what_it_stands_for(table: PlainTable) -> None:
    heard: list[object] = []
    table.chosen.connect(heard.append)
    table.choose("d")
    assert heard == ["d"]
    table.choose("nothing such")
    assert heard == ["d"]


def test_a_heading_tells_what_it_means(table: PlainTable) -> None:
    table.show_rows([Head("HD95", "How far borders lie apart."), "Plain"], [])
    role = Qt.ItemDataRole.ToolTipRole
    told = [table.values.headerData(at, Qt.Orientation.Horizontal, role) for at in (0, 1)]
    assert told == ["How far borders lie apart.", None]
    assert table.values.headerData(0, Qt.Orientation.Horizontal) == "HD95"


def test_the_menu_of_orders_ticks_the_one_in_use(table: PlainTable) -> None:
    table.orders().actions()[1].trigger()
    assert [action.isChecked() for action in table.orders().actions()] == [False, True]
