"""Buttons go on further lines where a line is full, and ask for that height."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.flow_layout import FlowLayout


def filled(qtbot: QtBot, width: int) -> tuple[QWidget, list[QFrame]]:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = FlowLayout(holder)
    buttons = [QFrame() for number in range(4)]
    for made in buttons:
        made.setFixedSize(100, 30)
        layout.addWidget(made)
    holder.resize(width, layout.heightForWidth(width))
    holder.show()
    qtbot.waitExposed(holder)
    return holder, buttons


def test_lines_follow_the_width(qtbot: QtBot) -> None:
    holder, buttons = filled(qtbot, 220)
    assert [(made.x(), made.y()) for made in buttons] == [(0, 0), (106, 0), (0, 36), (106, 36)]
    layout = holder.layout()
    assert [layout.heightForWidth(width) for width in (1000, 220, 110)] == [30, 66, 138]
    assert layout.minimumSize().width() == 100


def test_hidden_widgets_take_no_room(qtbot: QtBot) -> None:
    holder, buttons = filled(qtbot, 1000)
    buttons[1].hide()
    holder.layout().activate()
    assert buttons[2].x() == 106


def test_right_to_left(qtbot: QtBot) -> None:
    holder, buttons = filled(qtbot, 220)
    holder.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    holder.layout().setGeometry(holder.rect())
    assert [made.x() for made in buttons[:2]] == [120, 14]


def test_what_is_lower_stands_in_the_middle_of_its_line(qtbot: QtBot) -> None:
    holder, buttons = filled(qtbot, 220)
    buttons[1].setFixedSize(100, 20)
    holder.layout().setGeometry(holder.rect())
    assert [made.y() for made in buttons] == [0, 5, 36, 36]
