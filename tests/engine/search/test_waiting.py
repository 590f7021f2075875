"""A database that goes away while a worker works: a real PostgreSQL is stopped and started."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.storages import InMemoryStorage
from sqlalchemy.exc import OperationalError

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, ResourceError
from engine.contract.events import Event, Log
from engine.recipe import Recipe
from engine.search.config import SearchConfig
from engine.search.lease import Watch, Worker, beat
from engine.search.storage import open_storage, with_driver
from engine.search.study import begin_study, open_study
from engine.search.waiting import WaitingStorage, waits_for
from engine.search.worker import SearchWorker
from tests.fakes.postgres import Postgres, postgres_cluster

from .conftest import tune_at_once


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with postgres_cluster() as server:
        yield server


def test_a_postgresql_address_means_psycopg_3() -> None:
    assert with_driver("postgresql://a@b/c") == "postgresql+psycopg://a@b/c"
    assert with_driver("postgres://a@b/c") == "postgresql+psycopg://a@b/c"
    assert with_driver("postgresql+psycopg2://a@b/c") == "postgresql+psycopg2://a@b/c"
    assert with_driver("sqlite:///x.db") == "sqlite:///x.db"


def test_a_worker_waits_for_its_database_and_says_so_once(recipe: Recipe, postgres: Postgres, tmp_path: Path) -> None:
    config = SearchConfig(trials=6, startup_trials=2)
    found = begin_study(recipe, config, tmp_path / "study", storage=postgres.url, name="waits")
    events: list[Event] = []
    restarted: list[threading.Thread] = []

    def tune(asked: Path, folder: Path, on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
        if folder.name == "0003":
            postgres.stop()
            until_told = threading.Event()

            def restart() -> None:
                until_told.wait(30)
                postgres.start()

            restarted.append(threading.Thread(target=restart))
            restarted[0].start()
            threading.Thread(target=lambda: (waited(events), until_told.set()), daemon=True).start()
        return tune_at_once(asked, folder, on, emit, token)

    result = SearchWorker(found, tune, events.append, CancelToken(), "job").work()
    restarted[0].join()
    assert result["states"] == {"complete": 6}
    assert [len(trial.intermediate_values) for trial in found.trials()] == [3] * 6
    told = [event for event in events if isinstance(event, Log)]
    assert [event.level for event in told] == ["warning", "info"]
    assert "does not answer" in told[0].message
    assert postgres.password not in repr(events)
    kept = [path.read_text(errors="replace") for path in (tmp_path / "study").rglob("*") if path.is_file()]
    assert not any(postgres.password in text for text in kept)


def waited(events: list[Event]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and not any(isinstance(event, Log) for event in events):
        time.sleep(0.01)


def test_what_a_database_refuses_names_no_password(recipe: Recipe, postgres: Postgres, tmp_path: Path) -> None:
    wrong = postgres.url.replace(postgres.password, "not-the-password")
    with pytest.raises(ResourceError) as caught:
        open_study(tmp_path, storage=wrong, name="waits")
    assert "not-the-password" not in str(caught.value)
    assert caught.value.__cause__ is None


class Gone(InMemoryStorage):
    """Its database is not there."""

    def get_all_studies(self) -> list[Any]:
        raise OperationalError("select", {}, Exception("no connection"))


def test_without_a_worker_nobody_waits() -> None:
    with pytest.raises(ResourceError, match="does not answer"):
        WaitingStorage(Gone(), "somewhere").get_all_studies()


def test_waiting_ends_with_a_cancel_and_with_patience() -> None:
    storage, cancel = WaitingStorage(Gone(), "somewhere"), CancelToken()
    said: list[str] = []

    def tell(text: str, level: str) -> None:
        said.append(text)
        cancel.cancel()

    with waits_for(storage, tell, cancel), pytest.raises(Cancelled):
        storage.get_all_studies()
    assert len(said) == 1
    with storage.wait_for(lambda text, level: None, CancelToken(), patience=0.0):
        with pytest.raises(ResourceError):
            storage.get_all_studies()
        began = time.monotonic()
        with pytest.raises(EngineError):
            storage.get_all_studies()
    assert time.monotonic() - began < 1  # patience is spent once


def test_a_refusal_is_no_absence() -> None:
    storage = WaitingStorage(InMemoryStorage(), "somewhere")
    with waits_for(storage, lambda text, level: None, CancelToken()), pytest.raises(KeyError):
        storage.get_study_id_from_name("none")


def test_nobody_is_taken_for_dead_because_the_database_was_gone(recipe: Recipe, tmp_path: Path) -> None:
    """Meanwhile nobody could beat."""
    found = begin_study(recipe, SearchConfig(), tmp_path / "study", storage=f"sqlite:///{tmp_path}/s.db")
    assert isinstance(found.storage, WaitingStorage)
    trial = found.study.ask()
    beat(found, trial.number, Worker(machine="another"), 0)
    watch = Watch(Worker(), patience=0.05)
    assert watch.take_over(found) == []
    time.sleep(0.1)
    found.storage.absences += 1
    assert watch.take_over(found) == []
    time.sleep(0.1)
    assert watch.take_over(found) == [0]


def test_a_journal_is_what_it_was(tmp_path: Path) -> None:
    assert not isinstance(open_storage("", tmp_path), WaitingStorage)
