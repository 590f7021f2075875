"""Labels and icons where the line is read from right to left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.translation import isolated
from tunevlseg_gui.widgets.text import PathLabel, label


@pytest.fixture
def leftwards(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_english_words_stand_where_their_line_begins(leftwards: None) -> None:
    assert label("The engine says").alignment() & Qt.AlignmentFlag.AlignRight


def test_a_path_begins_with_its_first_slash(leftwards: None, qtbot: QtBot) -> None:
    place = PathLabel("/data/abdomen")
    qtbot.addWidget(place)
    place.resize(400, 20)
    assert place.shown() == "\u2066/data/abdomen\u2069"
    place.resize(place.fontMetrics().horizontalAdvance("/data/ab…"), 20)
    assert place.shown().startswith("\u2066/")
    assert "…" in place.shown()
    place.set_path("…")
    assert place.shown() == "…"


def test_a_sign_stays_before_its_number(qapp: QApplication) -> None:
    assert isolated("-0.14") == "-0.14"
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        assert isolated("-0.14") == "\u2066-0.14\u2069"
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.parametrize(("name", "turns"), [("next", True), ("back", True), ("down", False), ("check", False)])
def test_arrows_point_along_the_line(qapp: QApplication, name: str, turns: bool) -> None:
    def drawn() -> bytes:
        image = icon(name).pixmap(QSize(18, 18), QIcon.Mode.Normal).toImage()
        return bytes(image.constBits())

    plain = drawn()
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        assert (drawn() != plain) is turns
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
