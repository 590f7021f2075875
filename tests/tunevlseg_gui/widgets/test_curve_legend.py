"""The legend: entries in lines that fit, values in place of names, an ellipsis for what has no room."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.curve_legend import CurveLegend, Entry

NAMES = [Entry(f"Run {number}", colour=QColor("#0072b2")) for number in range(8)]


@pytest.fixture
def legend(qtbot: QtBot) -> CurveLegend:
    made = CurveLegend()
    qtbot.addWidget(made)
    made.resize(2000, made.height())
    made.show()
    made.show_names(NAMES)
    return made


def test_it_takes_a_second_line_where_one_is_full(legend: CurveLegend) -> None:
    one = legend.height()
    legend.resize(legend.width() // 5, one)
    legend.show_names(NAMES)
    assert legend.height() == 2 * one


def test_values_take_the_place_of_names_and_never_its_height(legend: CurveLegend) -> None:
    height = legend.height()
    legend.show_values([Entry("Epoch 3"), *(Entry(entry.title, "0.123456789" * 3) for entry in NAMES)])
    assert legend.height() == height
    assert legend.text().startswith("Epoch 3  ·  Run 0 0.123456789")
    assert legend.toolTip().count("\n") == 8
    legend.show_values([])
    assert legend.text() == ""
    assert legend.toolTip().splitlines() == [entry.title for entry in NAMES]


def test_what_has_no_room_is_left_out(legend: CurveLegend) -> None:
    room = QRectF(0, 0, 200, legend.height())
    places = legend._places(NAMES, room)
    assert places[-1] is None
    assert 1 < len(places) < len(NAMES)
    assert all(place.right() <= room.right() for place in places[:-1] if place is not None)
    assert None not in legend._places(NAMES, QRectF(0, 0, 4000, legend.height()))
