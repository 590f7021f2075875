"""Further workers on one machine: where they compute, what is heard of them, how they end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.contract import wire
from engine.contract.control import CancelToken
from engine.contract.errors import OutOfRange
from engine.contract.events import EpochEnded, Event, JobFailed, Log, TrialEnded, TrialStarted
from engine.contract.jobs import Search
from engine.jobs import search
from engine.runs.cores import CORES, usable_cores
from engine.search.local_workers import LocalWorkers, Place, further_places
from engine.training.device import cuda_devices


def test_one_worker_for_each_device_the_first_of_which_this_process_takes() -> None:
    assert further_places(0, ["0"]) == []
    places = further_places(0, ["0", "2", "GPU-77"])
    assert [place.environment for place in places] == [
        {"CUDA_VISIBLE_DEVICES": "2"},
        {"CUDA_VISIBLE_DEVICES": "GPU-77"},
    ]
    assert [place.name for place in further_places(3, ["0", "1"])] == ["worker 2 on GPU 1", "worker 3 on GPU 0"]


def test_on_the_processor_there_is_one_unless_more_are_asked_for() -> None:
    assert further_places(0, []) == []
    (place,) = further_places(2, [])
    assert int(place.environment[CORES]) == max(1, usable_cores() // 2)


def test_devices_are_those_that_this_process_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert cuda_devices("auto") == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5")
    assert cuda_devices("cuda") == ["3", "5"]
    assert cuda_devices("cpu") == []


SAYS: list[Event] = [
    TrialStarted("job", 4, {}, ""),
    EpochEnded("job", 1, 2, {}, True),
    Log("job", "loading"),
    Log("job", "slow disk", "warning"),
    TrialEnded("job", 4, "complete", {}, [0.5]),
]


def program(says: list[Event], then: str) -> Any:
    """A process that takes one line, says the events, and then does what is told."""
    lines = json.dumps([wire.event_to_line(event) for event in says])
    code = f"import os, sys\nasked = sys.stdin.readline()\nfor line in {lines}:\n    print(line, flush=True)\n{then}"
    started: list[subprocess.Popen[bytes]] = []

    def start(place: Place) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return started[-1]

    start.started = started  # type: ignore[attr-defined]
    return start


def until(true: Any) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_trials_of_others_are_heard_their_epochs_are_not(tmp_path: Path) -> None:
    """An epoch does not say of which trial it is."""
    heard: list[Event] = []
    asked = tmp_path / "asked"
    start = program(SAYS, f"open({str(asked)!r}, 'w').write(asked)\nsys.stdin.read()")
    job = Search(study="s", storage="postgresql://joe:secret@host/db", worker=True)
    with LocalWorkers(job, further_places(2, []), heard.append, "job", start):
        until(lambda: len(heard) == 3)
    assert [type(event) for event in heard] == [TrialStarted, Log, TrialEnded]
    assert heard[1] == Log("job", "Worker 2: slow disk", "warning")
    assert wire.job_from_line(asked.read_text()) == (job, "job")
    assert start.started[0].returncode == 0  # it heard its input end
    assert "secret" not in " ".join(map(str, start.started[0].args))


def test_a_lost_worker_is_told_and_harms_nobody() -> None:
    heard: list[Event] = []
    failed: list[Event] = [JobFailed("job", "The disk is full.", "Make room.")]
    start = program(failed, "os._exit(2)")
    with LocalWorkers(Search(), further_places(2, []), heard.append, "job", start):
        until(lambda: len(heard) == 2)
    assert [event.message for event in heard] == [  # type: ignore[union-attr]
        "Worker 2 ended: The disk is full. Make room.",
        "Worker 2 was lost (exit code 2); the others go on.",
    ]


def test_this_process_takes_its_part_of_the_cores_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv(CORES, raising=False)
    with LocalWorkers(Search(), [], [].append, "job", own={CORES: "1"}):
        assert usable_cores() == 1
    assert CORES not in os.environ


@pytest.mark.parametrize(
    "more", [{"workers": -1}, {"workers": 65}, {"workers": -1, "cluster": "local"}, {"gpu_share": 2.0}]
)
def test_what_cannot_be_is_refused_before_anything_begins(more: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(OutOfRange):
        search.run(Search(folder=str(tmp_path / "study"), **more), [].append, CancelToken(), "job")
    assert not (tmp_path / "study").exists()
