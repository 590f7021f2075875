"""Jobs reach a worker process and its events come back, whatever becomes of the process."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.contract.events import (
    EpochEnded,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Progress,
)
from engine.contract.jobs import Export, InspectData, ListModels, Tune
from engine.runs.lock import holder
from tunevlseg_gui.bridge.client import EngineClient

WAIT = 20_000


def ended(heard: list[Event]) -> bool:
    return bool(heard) and isinstance(heard[-1], JobFinished | JobFailed | JobCancelled)


def test_a_job_ends_with_its_result(client: EngineClient, qtbot: QtBot) -> None:
    heard: list[Event] = []
    client.submit(ListModels(), heard.append)
    qtbot.waitUntil(lambda: ended(heard), timeout=WAIT)
    assert isinstance(heard[0], JobStarted)
    assert isinstance(heard[-1], JobFinished)
    assert heard[-1].result["models"][0]["id"] == "starter"


def test_a_failed_job_says_what_and_what_to_do(client: EngineClient, qtbot: QtBot) -> None:
    heard: list[Event] = []
    client.submit(InspectData("/data/fail"), heard.append)
    qtbot.waitUntil(lambda: ended(heard), timeout=WAIT)
    failed = heard[-1]
    assert isinstance(failed, JobFailed)
    assert failed.message == "images/a.png is empty."
    assert failed.hint == "Replace the file."


def test_a_killed_worker_is_told_in_words_and_the_next_job_works(client: EngineClient, qtbot: QtBot) -> None:
    first: list[Event] = []
    second: list[Event] = []
    client.submit(InspectData("/data/crash"), first.append)
    client.submit(InspectData("/data/whole"), second.append)
    qtbot.waitUntil(lambda: ended(first) and ended(second), timeout=WAIT)
    failed = first[-1]
    assert isinstance(failed, JobFailed)
    assert failed.error == "WorkerLost"
    assert "killed" in failed.message
    assert failed.hint
    assert isinstance(second[-1], JobFinished)


def test_cancel_reaches_the_running_job_and_spares_the_worker(client: EngineClient, qtbot: QtBot) -> None:
    heard: list[Event] = []
    job_id = client.submit(InspectData("/data/slow"), heard.append)
    qtbot.waitUntil(lambda: any(isinstance(event, Progress) for event in heard), timeout=WAIT)
    client.cancel(job_id)
    qtbot.waitUntil(lambda: ended(heard), timeout=2000)
    assert isinstance(heard[-1], JobCancelled)
    first_pid = next(event.pid for event in heard if isinstance(event, JobStarted))
    again: list[Event] = []
    client.submit(InspectData("/data/whole"), again.append)
    qtbot.waitUntil(lambda: ended(again), timeout=WAIT)
    assert isinstance(again[0], JobStarted)
    assert again[0].pid == first_pid


def test_a_long_job_does_not_hold_up_a_short_one(client: EngineClient, qtbot: QtBot) -> None:
    export: list[Event] = []
    short: list[Event] = []
    job_id = client.submit(Export("/runs/slow", "/runs/slow.vlseg"), export.append)
    qtbot.waitUntil(lambda: any(isinstance(event, Progress) for event in export), timeout=WAIT)
    client.submit(ListModels(), short.append)
    qtbot.waitUntil(lambda: ended(short), timeout=WAIT)
    assert not ended(export)
    client.cancel(job_id)
    qtbot.waitUntil(lambda: ended(export), timeout=WAIT)
    assert isinstance(export[-1], JobCancelled)


def test_a_waiting_job_is_cancelled_at_once(client: EngineClient, qtbot: QtBot) -> None:
    running: list[Event] = []
    waiting: list[Event] = []
    first = client.submit(InspectData("/data/slow"), running.append)
    second = client.submit(InspectData("/data/whole"), waiting.append)
    client.cancel(second)
    qtbot.waitUntil(lambda: ended(waiting), timeout=WAIT)
    assert isinstance(waiting[-1], JobCancelled)
    client.cancel(first)
    qtbot.waitUntil(lambda: ended(running), timeout=WAIT)


def test_a_job_that_the_engine_does_not_know_fails_and_holds_up_nobody(client: EngineClient, qtbot: QtBot) -> None:
    @dataclass
    class FromTheFuture:
        folder: str = "x"

    heard: list[Event] = []
    client.submit(FromTheFuture(), heard.append)  # type: ignore[arg-type]
    client.submit(ListModels(), heard.append)
    qtbot.waitUntil(lambda: ended(heard) and isinstance(heard[-1], JobFinished), timeout=WAIT)
    assert isinstance(heard[0], JobFailed)
    assert "from_the_future" in heard[0].message


def test_an_engine_that_cannot_start_fails_every_job(qapp: object, qtbot: QtBot) -> None:
    client = EngineClient(["/there/is/no/such/program"])
    heard: list[Event] = []
    client.submit(ListModels(), heard.append)
    client.submit(ListModels(), heard.append)
    qtbot.waitUntil(lambda: len(heard) == 2, timeout=WAIT)
    client.close()
    assert all(isinstance(event, JobFailed) and "could not be started" in event.message for event in heard)


def recipe_in(folder: Path, name: str = "asked.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("version: 1\nname: polyps-vpt\nstrategy: {name: vpt}\n", encoding="utf-8")
    return path


def epochs(heard: list[Event]) -> list[int]:
    return [event.epoch for event in heard if isinstance(event, EpochEnded)]


def test_a_run_tells_each_epoch_once(client: EngineClient, qtbot: QtBot, tmp_path: Path) -> None:
    heard: list[Event] = []
    client.run_event.connect(lambda _folder, event: heard.append(event))
    run = client.start_run(Tune(str(recipe_in(tmp_path / "run")), str(tmp_path / "run")))
    qtbot.waitUntil(lambda: ended(heard), timeout=WAIT)
    assert epochs(heard) == list(range(1, 9))
    assert json.loads((run / "job.json").read_text())["job"] == "tune"


def test_a_run_outlives_its_window_and_a_new_one_finds_it(
    qapp: object, qtbot: QtBot, tmp_path: Path, fake_program: list[str], monkeypatch
) -> None:
    monkeypatch.setenv("FAKE_EPOCH_SECONDS", "0.15")
    monkeypatch.setenv("FAKE_EPOCHS", "1000")
    first = EngineClient(fake_program)
    heard: list[Event] = []
    first.run_event.connect(lambda _folder, event: heard.append(event))
    run = first.start_run(Tune(str(recipe_in(tmp_path / "run")), str(tmp_path / "run")))
    qtbot.waitUntil(lambda: len(epochs(heard)) >= 2, timeout=WAIT)
    first.close()
    lock = holder(run)
    assert lock is not None
    assert lock.alive

    second = EngineClient(fake_program)
    found: list[Event] = []
    second.run_event.connect(lambda _folder, event: found.append(event))
    second.watch(run)
    qtbot.waitUntil(lambda: len(epochs(found)) > len(epochs(heard)), timeout=WAIT)
    assert epochs(found) == list(range(1, len(epochs(found)) + 1))
    second.stop_run(run)
    qtbot.waitUntil(lambda: ended(found), timeout=WAIT)
    second.close()
    assert isinstance(found[-1], JobFinished)


def test_a_killed_run_is_told_in_words(client: EngineClient, qtbot: QtBot, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_EPOCHS", "1000")
    heard: list[Event] = []
    client.run_event.connect(lambda _folder, event: heard.append(event))
    run = client.start_run(Tune(str(recipe_in(tmp_path / "run")), str(tmp_path / "run")))
    qtbot.waitUntil(lambda: len(epochs(heard)) >= 2, timeout=WAIT)
    lock = holder(run)
    assert lock is not None
    os.kill(lock.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: ended(heard), timeout=WAIT)
    failed = heard[-1]
    assert isinstance(failed, JobFailed)
    assert "killed" in failed.message
    assert "Resume" in failed.hint


def test_a_recipe_refused_before_the_run_began_says_why(client: EngineClient, qtbot: QtBot, tmp_path: Path) -> None:
    heard: list[Event] = []
    client.run_event.connect(lambda _folder, event: heard.append(event))
    client.start_run(Tune(str(recipe_in(tmp_path / "run", "fail.yaml")), str(tmp_path / "run")))
    qtbot.waitUntil(lambda: ended(heard), timeout=WAIT)
    failed = heard[-1]
    assert isinstance(failed, JobFailed)
    assert failed.field == "strategy.prompt_depth"


class Asker(QObject):
    def __init__(self, heard: list[Event]) -> None:
        super().__init__()
        self._heard = heard

    def hear(self, event: Event) -> None:
        self._heard.append(event)


def test_who_is_gone_hears_nothing(client: EngineClient, qtbot: QtBot) -> None:
    told: list[Event] = []
    heard: list[Event] = []
    asker = Asker(heard)
    client.event.connect(told.append)
    client.submit(ListModels(), asker.hear)
    client.submit(ListModels(), partial(asker.hear))
    shiboken6.delete(asker)
    qtbot.waitUntil(lambda: sum(isinstance(event, JobFinished) for event in told) == 2, timeout=WAIT)
    assert [event for event in heard if isinstance(event, JobFinished)] == []
