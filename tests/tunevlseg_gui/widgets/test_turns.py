"""Work in turns: in order, apart from each other, and never for what is gone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView, QLabel, QListWidget, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.turns import in_turn, painted_after
from tunevlseg_gui.widgets.veil import veil, veiled


def test_pieces_come_in_order_with_other_events_between_them(qtbot: QtBot) -> None:
    owner, seen = QObject(), list[str]()

    def work(name: str) -> None:
        seen.append(name)
        QTimer.singleShot(0, lambda: seen.append(f"event after {name}"))

    for name in ("a", "b", "c"):
        in_turn(owner, lambda name=name: work(name))
    assert seen == []
    qtbot.waitUntil(lambda: len(seen) == 6)
    assert seen == ["a", "event after a", "b", "event after b", "c", "event after c"]


def test_nothing_is_done_for_who_is_gone(qtbot: QtBot) -> None:
    gone, owner, seen = QObject(), QObject(), list[str]()
    in_turn(gone, lambda: seen.append("gone"))
    in_turn(owner, lambda: seen.append("there"))
    delete(gone)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == ["there"]


def test_an_error_stops_nobody_else(qtbot: QtBot) -> None:
    owner, seen = QObject(), list[str]()

    def fails() -> None:
        raise ValueError("as it may happen")

    with qtbot.captureExceptions() as raised:
        in_turn(owner, fails)
        in_turn(owner, lambda: seen.append("after"))
        qtbot.waitUntil(lambda: bool(seen))
    assert [kind for kind, _, _ in raised] == [ValueError]


def test_work_that_asks_for_more_work_has_it_later(qtbot: QtBot) -> None:
    owner, seen = QObject(), list[str]()

    def first() -> None:
        in_turn(owner, lambda: seen.append("third"))
        seen.append("first")

    in_turn(owner, first)
    in_turn(owner, lambda: seen.append("second"))
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen == ["first", "second", "third"]


def colour_in(view: QWidget) -> str:
    """What stands on the screen in the middle of it."""
    shot = view.screen().grabWindow(view.window().winId()).toImage()
    return shot.pixelColor(view.mapTo(view.window(), view.rect().center()) * shot.devicePixelRatio()).name()


def test_what_was_done_is_painted_in_a_later_turn(qtbot: QtBot) -> None:
    view = QListWidget()
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()
    seen: list[bool] = []
    painted_after(view, lambda: seen.append(view.updatesEnabled()))
    assert seen == [False]
    assert not view.updatesEnabled()
    qtbot.waitUntil(view.updatesEnabled)

    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - whatever went wrong
        painted_after(view, fails)
    qtbot.waitUntil(view.updatesEnabled)  # a view is never left blank


def test_what_comes_into_sight_before_its_turn_shows_nothing_of_what_stood_there(qtbot: QtBot) -> None:
    pages, before, view = QStackedWidget(), QLabel(), QGraphicsView()
    qtbot.addWidget(pages)
    before.setStyleSheet("background: #ff0000")
    view.setScene(QGraphicsScene(view))
    view.setBackgroundBrush(QColor("#00ff00"))
    for page in (before, view):
        pages.addWidget(page)
    with qtbot.waitExposed(pages):
        pages.show()
    qtbot.waitUntil(lambda: colour_in(before) == "#ff0000")
    veil(view)
    pages.setCurrentWidget(view)
    qtbot.waitUntil(lambda: colour_in(view) == look().tokens["plot"].lower())
    painted_after(view, lambda: None)
    assert veiled(view)
    qtbot.waitUntil(lambda: colour_in(view) == "#00ff00")
    assert not veiled(view)
