"""A title of any length leaves room for what stands beside it."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.page_header import PageHeader


def test_a_long_title_is_shortened_and_told_whole(qtbot: QtBot) -> None:
    header = PageHeader("Run")
    qtbot.addWidget(header)
    header.add(QPushButton("Pause"))
    needed = header.minimumSizeHint().width()
    whole = "polyps of the large intestine, visual prompts, second try, 20261126-111624"
    header.set_title(whole)
    assert header.minimumSizeHint().width() == needed
    found = header.findChild(QLabel, "pageTitle")
    assert found is not None
    assert found.toolTip() == found.text() == whole
