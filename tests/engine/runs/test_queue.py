"""The queue: its order, one run at a time, and what crashes, two starters and damaged files leave of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.contract.errors import InputError
from engine.runs import layout, queue
from engine.runs.folders import runs_folder
from engine.runs.lock import RunLock

SLEEPS = [
    sys.executable,
    "-c",
    "import sys; print(sys.argv[2], flush=True); sys.stdin.read(); import time; time.sleep(60)",
]
ENDS = [sys.executable, "-c", "pass"]


def waiting_run(name: str, *, inside: bool = True, place: Path | None = None) -> Path:
    run = (runs_folder() if inside or place is None else place) / name
    run.mkdir(parents=True)
    (run / layout.JOB).write_text("{}")
    queue.enqueue(run)
    return run


def names() -> list[str]:
    return [run.name for run in queue.read_queue().waiting]


def test_runs_wait_in_order_and_can_be_moved_and_removed() -> None:
    a, b, c = (waiting_run(name) for name in "abc")
    queue.enqueue(a)  # twice is once
    assert names() == ["a", "b", "c"]
    queue.move(c, -1)
    assert names() == ["a", "c", "b"]
    queue.move(a, 99)
    assert names() == ["c", "b", "a"]
    queue.move(a, -99)
    assert names() == ["a", "c", "b"]
    assert queue.remove(c)
    assert not queue.remove(c)
    assert names() == ["a", "b"]
    assert (b / layout.JOB).is_file()


def test_one_run_at_a_time_and_the_next_when_it_ended(tmp_path: Path) -> None:
    waiting_run("a")
    waiting_run("b", inside=False, place=tmp_path)
    started = queue.start_next(ENDS)
    assert started is not None
    run, process = started
    assert run.name == "a"
    process.wait()
    [active] = queue.read_queue().active
    assert not active.alive
    second = queue.start_next(SLEEPS)
    assert second is not None
    try:
        assert second[0].name == "b"
        waiting_run("c")
        assert queue.busy_with(queue.read_queue()) == second[0]
        assert queue.start_next(SLEEPS) is None
    finally:
        second[1].kill()
        second[1].wait()
    third = queue.start_next(ENDS)
    assert third is not None
    third[1].wait()
    assert names() == []


def test_a_run_that_somebody_started_elsewhere_counts() -> None:
    waiting_run("a")
    other = runs_folder() / "other"
    other.mkdir()
    with RunLock(other):
        assert queue.busy_with(queue.read_queue()) == other
        assert queue.start_next(ENDS) is None
    assert names() == ["a"]


def test_a_held_queue_starts_nothing() -> None:
    waiting_run("a")
    queue.hold(True)
    assert queue.start_next(ENDS) is None
    queue.hold(False)
    started = queue.start_next(ENDS)
    assert started is not None
    started[1].wait()


def test_what_can_no_longer_be_started_is_dropped() -> None:
    gone = waiting_run("gone")
    waiting_run("there")
    (gone / layout.JOB).unlink()
    started = queue.start_next(ENDS)
    assert started is not None
    started[1].wait()
    assert started[0].name == "there"
    waiting_run("never")
    with pytest.raises(InputError, match="folder"):
        queue.enqueue(Path("x"), Path(__file__))
    assert names() == ["never"]


def test_many_starters_start_each_run_once(tmp_path: Path) -> None:
    """As windows and ending workers do at the same moment."""
    for number in range(4):
        waiting_run(f"run{number}")
    code = f"""
import sys
from pathlib import Path
from engine.runs import queue
sys.stdin.readline()
found = queue.start_next({ENDS!r})
if found is not None:
    found[1].wait()
    print(found[0].name)
"""
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    told = [starter.communicate("\n") for starter in starters]
    assert [error for _, error in told if error] == []
    started = sorted(name for out, _ in told for name in out.split())
    assert len(started) == len(set(started))
    assert len(started) + len(names()) == 4


def test_the_device_is_free_once_its_run_ended_and_the_next_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bool] = []
    monkeypatch.setattr(queue, "own_program", lambda: begun.append(True) or ENDS)
    run = runs_folder() / "mine"
    run.mkdir(parents=True)
    with queue.device_noted(run):
        waiting_run("next")
        assert queue.busy_with(queue.read_queue()) == run
        assert queue.start_next(ENDS) is None
    assert begun == [True]
    assert names() == []


def test_old_entries_and_damaged_files_stop_nobody() -> None:
    """After a crash of the machine a process id may be another program's."""
    alive = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        old = {"run": str(runs_folder() / "old"), "pid": alive.pid, "since": time.time() - 3600}
        waiting_run("a")
        path = runs_folder() / queue.QUEUE
        path.write_text(json.dumps({**json.loads(path.read_text()), "active": [old]}))
        assert queue.busy_with(queue.read_queue()) is None
        for damaged in ("", "{", "[]", '{"waiting": 3, "held": 0, "active": []}'):
            path.write_text(damaged)
            assert queue.read_queue() == queue.Queue()
            assert queue.start_next(ENDS) is None
        waiting_run("b")
        assert names() == ["b"]
    finally:
        alive.communicate(b"\n")


def test_threads_lose_no_entry() -> None:
    def add(number: int) -> None:
        waiting_run(f"run{number}")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names()) == 8
