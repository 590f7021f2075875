"""What is said of a folder in which no worker ever spoke."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.contract.events import JobFailed
from tunevlseg_gui.bridge import run_watcher
from tunevlseg_gui.bridge.run_watcher import RunWatcher


@pytest.fixture
def told(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[RunWatcher, list[object]]]:
    monkeypatch.setattr(run_watcher, "START_PATIENCE", 0.0)
    watcher = RunWatcher([sys.executable, "-c", "pass"])
    heard: list[object] = []
    watcher.event.connect(lambda _folder, event: heard.append(event))
    yield watcher, heard
    watcher.shut_down()


def test_nothing_is_missed_where_nobody_was_asked_for(told: tuple[RunWatcher, list[object]], tmp_path: Path) -> None:
    """A study whose workers run on other machines."""
    watcher, heard = told
    watcher.watch(str(tmp_path))
    watcher._tick()
    assert heard == []


def test_a_worker_that_was_asked_for_is_missed(told: tuple[RunWatcher, list[object]], tmp_path: Path) -> None:
    watcher, heard = told
    watcher._runs[str(tmp_path)] = run_watcher.Watched(tmp_path, asked=True)
    watcher.watch(str(tmp_path))  # looking at it again does not make it forgotten
    watcher._tick()
    assert [type(one) for one in heard] == [JobFailed]
