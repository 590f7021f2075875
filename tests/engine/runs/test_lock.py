"""One worker a run, however many reach for it at the same moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.contract.errors import RunBusy
from engine.runs import lock
from engine.runs.layout import LOCK
from engine.runs.lock import RunLock, holder

REACH = """
import sys, time
from pathlib import Path
from engine.contract.errors import RunBusy
from engine.runs.lock import RunLock

root, start, rounds = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
held = []
for number in range(rounds):
    while time.time() < start + number * 0.1:
        pass  # all at the same moment, as nearly as can be
    try:
        held.append(RunLock(root / str(number)).__enter__())
        print(number, flush=True)
    except RunBusy:
        pass
print("done", flush=True)
input()  # nobody lets go before everybody has tried
"""


@pytest.mark.parametrize("before", ["nothing", "a dead worker's lock", "half a lock"])
def test_only_one_of_many_takes_it(tmp_path: Path, repo_root: Path, before: str) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    rounds = 12
    for number in range(rounds):
        (tmp_path / str(number)).mkdir()
        file = tmp_path / str(number) / LOCK
        if before == "a dead worker's lock":
            file.write_text(json.dumps({"pid": dead.pid, "heartbeat": time.time(), "started": time.time()}))
        elif before == "half a lock":
            file.write_text('{"pid": 12')
            os.utime(file, (time.time() - 60, time.time() - 60))
    start = time.time() + 2.0
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", REACH, str(tmp_path), str(start), str(rounds)],
            cwd=repo_root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    took: list[int] = []
    for worker in asked:
        assert worker.stdout is not None
        took += [int(line) for line in iter(worker.stdout.readline, "done\n")]
    for worker in asked:
        worker.communicate("\n")
    assert sorted(took) == list(range(rounds))


def test_one_process_holds_it_once(tmp_path: Path) -> None:
    with RunLock(tmp_path), pytest.raises(RunBusy, match=str(os.getpid())), RunLock(tmp_path):
        pass
    with RunLock(tmp_path):
        assert holder(tmp_path) is not None


def test_a_lock_with_our_own_number_may_be_anothers_of_before(tmp_path: Path) -> None:
    """In a container the first process always has the same number."""
    (tmp_path / LOCK).write_text(json.dumps({"pid": os.getpid(), "heartbeat": time.time(), "started": 1.0}))
    with RunLock(tmp_path):
        found = holder(tmp_path)
        assert found is not None
        assert found.started > 1.0


def test_a_lock_that_is_being_written_counts(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("")
    with pytest.raises(RunBusy, match="another process"), RunLock(tmp_path):
        pass


def test_who_lost_it_neither_beats_nor_takes_it_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.01)
    mine = RunLock(tmp_path)
    with mine:
        other = {"pid": os.getppid(), "heartbeat": time.time(), "started": 2.0}
        lock.write_text(tmp_path / LOCK, json.dumps(other))
        mine._thread.join(timeout=10)
        assert not mine._thread.is_alive()
    assert json.loads((tmp_path / LOCK).read_text()) == other


def test_the_heartbeat_is_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT_SECONDS", 0.01)
    with RunLock(tmp_path):
        first = holder(tmp_path)
        assert first is not None
        deadline = time.monotonic() + 10
        while (now := holder(tmp_path)) is None or now.heartbeat == first.heartbeat:
            assert time.monotonic() < deadline
    assert holder(tmp_path) is None
