"""The queue below the page: order by mouse and keys, removing, holding, and runs that begin when their turn comes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.contract.jobs import Tune
from engine.runs import layout, queue
from engine.runs.folders import runs_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.queue_panel import QueuePanel

WAIT = 20_000


def waiting_run(name: str) -> Path:
    run = runs_folder() / name
    run.mkdir(parents=True)
    (run / layout.JOB).write_text("{}")
    queue.enqueue(run)
    return run


@pytest.fixture
def panel(qtbot: QtBot, client: EngineClient) -> QueuePanel:
    queue.hold(True)
    for name in "abc":
        waiting_run(name)
    made = QueuePanel(client)
    qtbot.addWidget(made)
    made.resize(700, 200)
    made.show()
    qtbot.waitUntil(lambda: made.list.count() == 3, timeout=WAIT)
    return made


def shown(panel: QueuePanel) -> list[str]:
    return [panel.list.item(row).text() for row in range(panel.list.count())]


def test_keys_move_and_remove(panel: QueuePanel, qtbot: QtBot) -> None:
    panel.list.setCurrentRow(2)
    qtbot.keyClick(panel.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: shown(panel) == ["1. a", "2. c", "3. b"], timeout=WAIT)
    assert panel.chosen is not None
    assert panel.chosen.name == "c"
    qtbot.mouseClick(panel.down, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown(panel) == ["1. a", "2. b", "3. c"], timeout=WAIT)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: shown(panel) == ["1. a", "2. b"], timeout=WAIT)
    assert (runs_folder() / "c").is_dir()
    heard: list[Path] = []
    panel.run_wanted.connect(heard.append)
    panel.list.setCurrentRow(1)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert heard == [runs_folder() / "b"]


def test_another_windows_changes_are_seen(panel: QueuePanel, qtbot: QtBot) -> None:
    queue.remove(runs_folder() / "a")
    qtbot.waitUntil(lambda: shown(panel) == ["1. b", "2. c"], timeout=WAIT)
    for name in "bc":
        queue.remove(runs_folder() / name)
    queue.hold(False)
    qtbot.waitUntil(panel.isHidden, timeout=WAIT)


def test_a_held_queue_goes_on_by_its_button(qtbot: QtBot, client: EngineClient, panel: QueuePanel) -> None:
    assert "held" in panel.line.text()
    for name in "abc":
        queue.remove(runs_folder() / name)
    runs = [runs_folder() / name for name in ("first", "second")]
    for run in runs:
        run.mkdir()
        (run / layout.RECIPE).write_text("name: a\n")
        (run / "asked.yaml").write_text("name: a\n")
        (run / layout.RECIPE).unlink()
        client.start_run(Tune(str(run / "asked.yaml"), str(run)))
    qtbot.waitUntil(lambda: shown(panel) == ["1. first", "2. second"], timeout=WAIT)
    assert not any((run / layout.EVENTS).exists() for run in runs)
    qtbot.mouseClick(panel.hold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: all((run / layout.RESULT).exists() or _over(run) for run in runs), timeout=WAIT)
    first, second = (_times(run) for run in runs)
    assert first[1] <= second[0], "the second began when the first had ended"


def _over(run: Path) -> bool:
    path = run / layout.EVENTS
    return path.exists() and "job_finished" in path.read_text()


def _times(run: Path) -> tuple[float, float]:
    """When the run's folder got its recipe, and when its last event was written."""
    return (run / layout.ENVIRONMENT).stat().st_mtime, (run / layout.EVENTS).stat().st_mtime
