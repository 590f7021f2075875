"""What a study is told: in words, as a command of the terminal, and whose answer a line of the log is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.contract.command_line import command_line
from engine.contract.commands import Ban, Command, Enqueue, Freeze, Narrow, Pause, StopTrial
from engine.runs.layout import COMMANDS
from engine.runs.lock import RunLock
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.experiments.steering import Steering, in_words, job_of

RATE = "training.learning_rate"


@pytest.mark.parametrize(
    ("command", "words", "option"),
    [
        (Enqueue({RATE: 1e-3, "a.prompt_depth": 2}), "Try next: Learning rate 0.001, Prompt depth 2", "--enqueue"),
        (Freeze(RATE, 0.00123456), "Keep Learning rate at 0.001235", "--freeze"),
        (Freeze(RATE), "Free Learning rate again", "--free"),
        (Narrow(RATE, [1e-4, 1e-3]), "Keep Learning rate within 0.0001 to 0.001", "--narrow"),
        (Ban({RATE: [1e-4, 1e-3], "a.b": ["x", "y"]}), "Ban Learning rate 0.0001 to 0.001 and B x, y", "--ban"),
        (StopTrial(3), "Stop trial 3", "--stop 3"),
    ],
)  # fmt: skip
def test_a_command_in_words_and_in_a_terminal(command: Command, words: str, option: str) -> None:
    assert in_words(command) == words
    line = command_line(job_of(Path("study"), command))
    assert line.startswith(f"tunevlseg steer study {option}")


def test_a_worker_is_told_by_its_file_and_answers_by_its_log(
    qtbot: QtBot, client: EngineClient, tmp_path: Path
) -> None:
    steering = Steering(client)
    steering.use(tmp_path)
    notices: list[object] = []
    steering.notice.connect(notices.append)
    with RunLock(tmp_path):
        steering.tell(Pause())
        steering.tell(Freeze(RATE, 0.5))
        qtbot.waitUntil(
            lambda: (tmp_path / COMMANDS).is_file() and (tmp_path / COMMANDS).read_text().count(os.linesep) == 2,
            timeout=20_000,
        )
    steering.heard("Trial 3 lost its worker; it is done again.")
    assert [one.state for one in steering.told] == ["asked", "asked"]
    steering.heard("The study is paused.")
    steering.heard("Not done: training.learning_rate: 0.5 is not in the study's space.")
    assert [one.state for one in steering.told] == ["done", "refused"]
    assert len(notices) == 1
