"""The worker as a process: lines in, lines out, and a run that survives being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.contract import wire
from engine.contract.events import EpochEnded, Event, JobCancelled, JobFailed, JobFinished, JobStarted
from engine.contract.jobs import InspectData, ListModels, Tune
from engine.runs.reader import Run, state
from engine.runs.writer import read_metrics
from engine.synthetic.sample_data import write_dataset
from tests.fakes.recipes import write_recipe


class Worker:
    """`python -m engine serve` with its pipes."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
            text=True,
        )

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def event(self) -> Event:
        assert self.process.stdout is not None
        return wire.event_from_line(self.process.stdout.readline())

    def until(self, *kinds: type[Any]) -> Event:
        while not isinstance(event := self.event(), kinds):
            pass
        return event


@pytest.fixture
def worker(repo_root: Path) -> Iterator[Worker]:
    made = Worker(repo_root)
    yield made
    made.process.kill()
    made.process.wait()


def test_jobs_one_after_the_other_and_bad_lines_between(worker: Worker, tmp_path: Path) -> None:
    worker.send(wire.job_to_line(ListModels(), "a"))
    worker.send("nonsense")
    worker.send(wire.job_to_line(InspectData(str(tmp_path / "missing")), "b"))
    endings: dict[str, Event] = {}
    while len(endings) < 3:
        event = worker.until(JobFinished, JobFailed)
        endings[event.job_id] = event
    assert isinstance(endings["a"], JobFinished)
    assert isinstance(failed := endings["b"], JobFailed)
    assert "missing" in failed.message
    assert failed.error == "DatasetIncomplete"
    assert isinstance(endings[""], JobFailed)


def test_the_worker_ends_when_its_input_ends(worker: Worker) -> None:
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    assert worker.process.wait(timeout=60) == 0


@pytest.fixture
def recipe(tiny_weights: Path, tmp_path: Path) -> Path:
    data, halves = tmp_path / "polyps", {"train": 0.5, "val": 0.25, "test": 0.25}
    write_dataset("polyps", data, count=12)
    return write_recipe(
        tmp_path, tiny_weights, data, name="killed", depth=3, split=halves, epochs=6, batch_size=2, learning_rate=0.02
    )


def start(root: Path, job: Tune, place: Path) -> subprocess.Popen[str]:
    file = place.with_suffix(".json")
    file.write_text(wire.job_to_line(job, "run"))
    command = [sys.executable, "-m", "engine", "work", str(file)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, text=True)


def events(process: subprocess.Popen[str]) -> Iterator[Event]:
    assert process.stdout is not None
    for line in process.stdout:
        yield wire.event_from_line(line)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_killed_run_goes_on_to_the_same_metrics(recipe: Path, repo_root: Path, tmp_path: Path) -> None:
    whole = start(repo_root, Tune(str(recipe), str(tmp_path / "whole")), tmp_path / "whole-job")
    assert isinstance(list(events(whole))[-1], JobFinished)
    cut = start(repo_root, Tune(str(recipe), str(tmp_path / "cut")), tmp_path / "cut-job")
    for event in events(cut):
        if isinstance(event, EpochEnded) and event.epoch == 3:
            assert state(tmp_path / "cut") == "running"
            cut.send_signal(signal.SIGKILL)
            break
    cut.wait()
    assert state(tmp_path / "cut") == "interrupted"
    again = start(repo_root, Tune("", resume=str(tmp_path / "cut")), tmp_path / "again-job")
    assert isinstance(list(events(again))[-1], JobFinished)
    one, other = ([{k: v for k, v in row.items() if k != "seconds"} for row in read_metrics(tmp_path / name)]
                  for name in ("whole", "cut"))  # fmt: skip
    assert one == other
    assert Run.open(tmp_path / "cut").state == "finished"


@pytest.mark.skipif(os.name == "nt", reason="needs SIGTERM semantics")
def test_commands_reach_a_detached_run(recipe: Path, repo_root: Path, tmp_path: Path) -> None:
    from engine.contract.commands import Cancel
    from engine.runs.commands import tell

    run = start(repo_root, Tune(str(recipe), str(tmp_path / "run")), tmp_path / "job")
    kinds = []
    for event in events(run):
        kinds.append(type(event))
        if isinstance(event, EpochEnded) and event.epoch == 1:
            tell(tmp_path / "run", Cancel())
    assert kinds[0] is JobStarted
    assert kinds[-1] is JobCancelled
    assert run.wait() == 130
    last = json.loads((tmp_path / "run" / "events.jsonl").read_text().splitlines()[-1])
    assert last["event"] == "job_cancelled"


@pytest.mark.skipif(os.name == "nt", reason="priorities are asked for otherwise there")
def test_a_run_gives_way_to_a_question_and_both_to_the_window(repo_root: Path) -> None:
    asked = "from engine import worker; import os; worker.lower_priority(worker.{}); print(os.nice(0))"
    found = [
        int(subprocess.check_output([sys.executable, "-c", asked.format(which)], cwd=repo_root, text=True)) - os.nice(0)
        for which in ("NICE_SERVING", "NICE_RUN")
    ]
    assert 0 < found[0] < found[1]
