"""A run folder: what is written comes back, one worker holds it, commands reach the worker."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.contract.commands import Cancel, Pause, Resume, StopKeepBest
from engine.contract.control import CancelToken
from engine.contract.errors import InputError, RunBusy
from engine.contract.events import EpochEnded, JobFinished, JobStarted
from engine.runs import layout
from engine.runs.commands import CommandWatcher, tell
from engine.runs.layout import finished_epochs as epochs
from engine.runs.lock import RunLock, holder, process_lives
from engine.runs.reader import Run, learned_numbers, list_runs, state
from engine.runs.writer import RunWriter, best_epoch, read_metrics


@pytest.fixture
def run(tmp_path: Path) -> RunWriter:
    return RunWriter.create(tmp_path / "run", "name: test\n", {"python": "3"})


def row(epoch: int, dice: float) -> dict[str, float]:
    return {"epoch": epoch, "train_loss": 0.5, "val_dice": dice, "seconds": 1.0, "val_dice[liver]": dice}


def write_learner(text: str):  # type: ignore[no-untyped-def]
    def write(folder: Path) -> None:
        (folder / "learner.safetensors").write_text(text)

    return write


def test_metrics_come_back_and_later_rows_give_way_on_resume(run: RunWriter) -> None:
    for epoch in (1, 2, 3):
        run.row(row(epoch, epoch / 10))
    run.row(row(2, 0.9))
    rows = read_metrics(run.folder)
    assert [found["epoch"] for found in rows] == [1, 2]
    assert rows[1]["val_dice[liver]"] == 0.9
    assert math.isnan(rows[0]["val_iou"])
    head = (run.folder / layout.METRICS).read_text().splitlines()[0]
    assert head.split(",")[: len(layout.METRIC_COLUMNS)] == list(layout.METRIC_COLUMNS)


def test_checkpoints_keep_the_last_and_the_best(run: RunWriter) -> None:
    for epoch in range(1, 7):
        run.epoch(epoch, write_learner(str(epoch)), best=epoch == 2, keep=2)
    assert epochs(run.folder) == [2, 5, 6]
    assert best_epoch(run.folder) == 2
    assert (run.folder / layout.BEST).read_text() == "2"


def test_a_checkpoint_that_fails_is_not_half_there(run: RunWriter) -> None:
    def fail(folder: Path) -> None:
        (folder / "learner.safetensors").write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run.epoch(1, fail, best=True, keep=2)
    assert epochs(run.folder) == []
    assert list((run.folder / layout.EPOCHS).iterdir()) == []


def test_a_folder_with_a_run_is_not_overwritten(run: RunWriter) -> None:
    with pytest.raises(InputError, match="already holds a run"):
        RunWriter.create(run.folder, "name: other\n", {})


def test_states(run: RunWriter) -> None:
    assert state(run.folder) == "new"
    run.event(JobStarted("j", "tune", "Tune"))
    assert state(run.folder) == "interrupted"
    with RunLock(run.folder):
        assert state(run.folder) == "running"
    run.event(JobFinished("j", {}))
    assert state(run.folder) == "finished"
    with (run.folder / layout.EVENTS).open("a") as lines:
        lines.write('{"event": "epoch_en')  # the process was killed while it wrote
    assert state(run.folder) == "finished"


def test_a_second_worker_is_refused_and_a_dead_one_gives_way(run: RunWriter) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    beat = {"pid": other.pid, "heartbeat": time.time(), "started": time.time()}
    (run.folder / layout.LOCK).write_text(json.dumps(beat))
    with pytest.raises(RunBusy, match=str(other.pid)), RunLock(run.folder):
        pass
    other.communicate(b"\n")
    assert not process_lives(other.pid)
    with RunLock(run.folder):
        found = holder(run.folder)
        assert found is not None
        assert found.pid == os.getpid()
    assert holder(run.folder) is None


def test_commands_reach_the_token_once_and_only_new_ones(run: RunWriter) -> None:
    tell(run.folder, Cancel())
    token = CancelToken()
    watcher = CommandWatcher(run.folder, token)
    watcher.read_once()
    assert not token.cancelled, "a command from before the start belongs to an earlier worker"
    with (run.folder / layout.COMMANDS).open("a") as lines:
        lines.write("nonsense\n")
    tell(run.folder, StopKeepBest())
    with (run.folder / layout.COMMANDS).open("a") as lines:
        lines.write('{"command": "can')
    watcher.read_once()
    assert token.wants_stop_keep_best
    assert not token.cancelled


def test_runs_are_listed_and_broken_ones_passed_over(run: RunWriter) -> None:
    run.event(EpochEnded("j", 1, 2, {"val_dice": 0.4}))
    run.row(row(1, 0.4))
    broken = run.folder.parent / "broken"
    broken.mkdir()
    (broken / layout.RECIPE).write_text("- a list")
    found = list_runs(run.folder.parent)
    assert [item.name for item in found] == ["test"]
    assert found[0].best_dice == 0.4
    with pytest.raises(InputError):
        Run.open(broken)


def test_what_was_done_to_a_running_run_is_noted(run: RunWriter) -> None:
    watcher = CommandWatcher(run.folder, CancelToken())
    run.epoch(1, write_learner("a"), best=True, keep=2)
    for command in (Resume(), Pause(), Pause(), Resume(), StopKeepBest("run-1"), StopKeepBest(), Cancel()):
        tell(run.folder, command)
    watcher.read_once()
    lines = [json.loads(line) for line in (run.folder / layout.CHANGES).read_text().splitlines()]
    # Only what changed something: there was nothing to resume at first, and one can stop but once.
    assert [line["command"] for line in lines] == ["pause", "resume", "stop_keep_best", "cancel"]
    assert all(line["after_epoch"] == 1 for line in lines)
    assert all(set(line) == {"time", "after_epoch", "command"} for line in lines)
    assert time.strptime(lines[0]["time"], "%Y-%m-%dT%H:%M:%SZ")


def test_a_run_that_nobody_touched_has_no_changes(run: RunWriter) -> None:
    CommandWatcher(run.folder, CancelToken()).read_once()
    assert not (run.folder / layout.CHANGES).exists()


def test_previews_stay_few_and_lie_evenly(run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runs.writer.MOST_PREVIEWS", 10)
    for epoch in range(1, 41):
        run.preview(epoch, np.zeros((4, 4, 3), np.uint8))
    kept = list(layout.previews(run.folder))
    assert len(kept) == 10
    assert kept[0] == 1
    assert kept[-5:] == [36, 37, 38, 39, 40]
    gaps = [after - before for before, after in itertools.pairwise(kept[:6])]
    assert max(gaps) <= 2 * min(gaps[:-1])
    run.preview(37, np.zeros((4, 4, 3), np.uint8))  # the run went on from an earlier epoch
    assert len(layout.previews(run.folder)) == 10


def test_how_many_numbers_a_run_learned_is_read_without_loading_them(run: RunWriter) -> None:
    best = run.folder / layout.BEST
    assert learned_numbers(run.folder) == 0
    save_file({"context": np.zeros((2, 4, 8), np.float32), "scale": np.zeros((), np.float32)}, best, {"of": "epoch 3"})
    assert learned_numbers(run.folder) == 65
    for damaged in (
        b"",
        b"\xff" * 16,
        (1 << 62).to_bytes(8, "little") + b"{}",
        b"\x08\0\0\0\0\0\0\0[1, 2]  ",
        b"\x20\0\0\0\0\0\0\0" + b'{"context": {"shape": "many"}}   ',
    ):
        best.write_bytes(damaged)
        assert learned_numbers(run.folder) == 0
