"""Short work on a pool thread: answers come on the window's, in one piece, and to nobody who is gone."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QObject, QThreadPool
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from engine.contract.errors import InputError
from tunevlseg_gui.bridge.background import run_task


def test_answers_and_errors_come_on_the_windows_thread(qtbot: QtBot) -> None:
    parent = QObject()
    heard: list[tuple[object, int]] = []
    worked: list[int] = []

    def work() -> tuple[str, int]:
        worked.append(threading.get_ident())
        return ("a", 1)

    def fails() -> None:
        raise InputError("not there")

    run_task(parent, work, lambda found: heard.append((found, threading.get_ident())))
    run_task(parent, fails, heard.append, lambda error: heard.append((str(error), threading.get_ident())))
    qtbot.waitUntil(lambda: len(heard) == 2, timeout=10_000)
    assert set(heard) == {(("a", 1), threading.get_ident()), ("not there", threading.get_ident())}
    assert worked != [threading.get_ident()]


def test_nobody_is_told_who_is_gone(qtbot: QtBot) -> None:
    """Deleted by Qt while the work goes on."""
    parent, there, heard = QObject(), QObject(), []
    go = threading.Event()
    run_task(parent, lambda: go.wait(10), heard.append)
    delete(parent)
    go.set()
    run_task(there, lambda: "later", heard.append)
    qtbot.waitUntil(lambda: heard == ["later"], timeout=10_000)


def test_what_work_holds_is_let_go_by_the_windows_thread(qtbot: QtBot) -> None:
    """A widget whose last hand is a pool thread's would be deleted there."""
    ended: list[int] = []

    class Held(QObject):
        def __del__(self) -> None:
            ended.append(threading.get_ident())

    def ask() -> None:
        held = Held()
        run_task(held, lambda: held.objectName(), lambda _: None)

    for _ in range(200):
        ask()
    QThreadPool.globalInstance().waitForDone()
    gc.collect()
    qtbot.waitUntil(lambda: len(ended) == 200, timeout=10_000)
    assert set(ended) == {threading.get_ident()}
