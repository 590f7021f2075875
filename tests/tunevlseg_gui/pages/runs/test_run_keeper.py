"""Closing the window while a run goes on: asked, kept or stopped, remembered; a window that opens later finds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.contract.jobs import Tune
from engine.runs import queue
from engine.runs.folders import runs_folder
from engine.runs.lock import holder
from engine.runs.reader import state
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.pages.runs.closing_dialog import ClosingDialog
from tunevlseg_gui.settings import store
from tunevlseg_gui.settings.model import WindowSettings

WAIT = 20_000


@pytest.fixture(autouse=True)
def long_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FAKE_EPOCHS", "100000")
    yield
    for lock in runs_folder().glob("*/worker.lock"):
        known = holder(lock.parent)
        if known is not None and known.alive:
            os.kill(known.pid, signal.SIGKILL)


def opened(qtbot: QtBot, program: list[str], closing: str = "ask") -> MainWindow:
    made = MainWindow(EngineClient(program), WindowSettings(closing=closing))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.begin([])
    return made


def started(window: MainWindow, qtbot: QtBot, name: str = "kept") -> Path:
    run = runs_folder() / name
    run.mkdir(parents=True)
    (run / "asked.yaml").write_text("version: 1\nname: a\nstrategy: {name: vpt}\n", encoding="utf-8")
    window.client.start_run(Tune(str(run / "asked.yaml"), str(run)))
    qtbot.waitUntil(lambda: window.keeper._busy == run and state(run) == "running", timeout=WAIT)
    return run


def asked(window: MainWindow, qtbot: QtBot) -> ClosingDialog:
    assert not window.close()
    qtbot.waitUntil(lambda: window.findChild(ClosingDialog) is not None, timeout=WAIT)
    dialog = window.findChild(ClosingDialog)
    assert dialog is not None
    return dialog


def test_it_asks_and_does_not_close_before_the_answer(qtbot: QtBot, qapp: object, fake_program: list[str]) -> None:
    window = opened(qtbot, fake_program)
    run = started(window, qtbot)
    dialog = asked(window, qtbot)
    dialog.reject()
    assert window.isVisible()
    dialog = asked(window, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
    assert state(run) == "running"

    second = opened(qtbot, fake_program, "background")
    page = second.page("runs")
    qtbot.waitUntil(lambda: page._live is not None and page.live.folder == run, timeout=WAIT)
    qtbot.waitUntil(lambda: page.live.state.epoch >= 1, timeout=WAIT)
    assert second.banner.notice is not None
    assert "kept is still running" in second.banner.notice.message
    second.close()


def test_stopping_ends_the_run_and_holds_the_queue(qtbot: QtBot, qapp: object, fake_program: list[str]) -> None:
    window = opened(qtbot, fake_program)
    run = started(window, qtbot)
    other = runs_folder() / "other"
    other.mkdir()
    (other / "asked.yaml").write_text("version: 1\n", encoding="utf-8")
    window.client.start_run(Tune(str(other / "asked.yaml"), str(other)))
    qtbot.waitUntil(lambda: window.keeper._waiting == 1, timeout=WAIT)
    dialog = asked(window, qtbot)
    dialog.remember.setChecked(True)
    dialog._answer("stop")
    qtbot.waitUntil(lambda: not window.isVisible() and state(run) == "cancelled", timeout=WAIT)
    assert queue.read_queue().held
    assert state(other) == "waiting"
    assert store.load().closing == "stop"
    third = opened(qtbot, fake_program)
    qtbot.waitUntil(lambda: third.banner.notice is not None and "held" in third.banner.notice.message, timeout=WAIT)
    third.close()


def test_nothing_is_asked_where_nothing_runs_or_it_was_answered_for_good(
    qtbot: QtBot, qapp: object, fake_program: list[str]
) -> None:
    assert opened(qtbot, fake_program).close()
    window = opened(qtbot, fake_program, "background")
    run = started(window, qtbot)
    assert window.close()
    assert state(run) == "running"


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_killed_windows_runs_are_found(qtbot: QtBot, qapp: object, fake_program: list[str], tmp_path: Path) -> None:
    """A window in a process of its own, killed with one run going on and another waiting."""
    code = f"""
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from engine.contract.jobs import Tune
from engine.runs.folders import runs_folder
from tunevlseg_gui.bridge.client import EngineClient
app = QApplication([])
client = EngineClient({fake_program!r})
for name in ("one", "two"):
    run = runs_folder() / name
    run.mkdir(parents=True)
    (run / "asked.yaml").write_text("version: 1\\nname: a\\n")
    client.start_run(Tune(str(run / "asked.yaml"), str(run)))
app.exec()
"""
    window = subprocess.Popen([sys.executable, "-c", code])
    one, two = runs_folder() / "one", runs_folder() / "two"
    try:
        qtbot.waitUntil(lambda: one.exists() and state(one) == "running", timeout=WAIT)
        qtbot.waitUntil(lambda: state(two) == "waiting", timeout=WAIT)
    finally:
        window.kill()
        window.wait()
    assert state(one) == "running"
    second = opened(qtbot, fake_program, "background")
    page = second.page("runs")
    qtbot.waitUntil(lambda: page._live is not None and page.live.folder == one, timeout=WAIT)
    qtbot.waitUntil(lambda: page.queue.list.count() == 1, timeout=WAIT)
    second.client.stop_run(one)
    qtbot.waitUntil(lambda: state(two) == "running", timeout=WAIT)
    second.close()
