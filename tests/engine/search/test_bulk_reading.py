"""Trials read in bulk are those that Optuna gives, in every state and with every kind of value."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from engine.contract.control import CancelToken
from engine.contract.jobs import ReadStudy, SteerStudy
from engine.jobs import read_study, steer_study
from engine.recipe import Recipe
from engine.search import bulk_reading
from engine.search.bulk_reading import ReadingStorage, can_read, read_trials
from engine.search.config import SearchConfig
from engine.search.storage import open_storage, with_driver
from engine.search.study import begin_study, open_study
from tests.fakes.postgres import postgres_cluster

KINDS = {
    "rate": FloatDistribution(1e-5, 1e-1, log=True),
    "depth": IntDistribution(1, 11),
    "norm": CategoricalDistribution([True, False, None, "first", 20]),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ExitStack() as held:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path / 'studies.db'}"
        else:
            yield with_driver(held.enter_context(postgres_cluster()).url)


def fill(database: RDBStorage, name: str) -> int:
    """A study with trials of every kind; its id."""
    study = optuna.create_study(study_name=name, storage=database, directions=["maximize", "minimize"])
    for at, choice in enumerate(KINDS["norm"].choices):  # type: ignore[attr-defined]
        study.add_trial(
            create_trial(
                params={"rate": 10.0 ** -(at + 1), "depth": at + 1, "norm": choice},
                distributions=KINDS,
                values=[0.1 * at, math.inf if at == 2 else -math.inf if at == 3 else 5.0],
                user_attrs={"run": f"{at:04d}", "seconds": 1.5, "told": ["ä", None, {"a": 1}]},
            )
        )
    study.enqueue_trial({"rate": 1e-3, "norm": "first"}, user_attrs={"repeats": 1})  # waits
    study.enqueue_trial({"rate": 1e-2})
    running = study.ask()  # the first that waits
    running.suggest_float("rate", 1e-5, 1e-1, log=True)
    for state, reported in ((TrialState.PRUNED, math.nan), (TrialState.FAIL, math.inf)):
        study.add_trial(create_trial(state=state, params={}, intermediate_values={1: 0.25, 3: reported, 2: -math.inf}))
    found: int = database.get_study_id_from_name(name)
    return found


def told(trials: list[FrozenTrial]) -> list[dict[str, Any]]:
    """As values that can be compared: NaN is no NaN's equal, and attributes have no order."""
    rows = [{**vars(trial)} for trial in trials]
    for row in rows:
        row["intermediate_values"] = sorted((step, repr(value)) for step, value in row["intermediate_values"].items())
    return rows


def test_they_are_what_optuna_gives(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(time, "tzset"):
        monkeypatch.setenv("TZ", "Asia/Kathmandu")  # times lie in the tables in UTC
        time.tzset()
    database = RDBStorage(address)
    first, other = fill(database, "one"), fill(database, "other")
    database.set_trial_user_attr(database.get_all_trials(other)[5]._trial_id, "only", "there")
    assert can_read(database)
    for study in (first, other):
        assert told(read_trials(database, study)) == told(database.get_all_trials(study))
    states = [trial.state.name for trial in read_trials(database, first)]
    assert states == [*["COMPLETE"] * 5, "RUNNING", "WAITING", "PRUNED", "FAIL"]
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


def test_who_reads_gets_them_in_bulk_and_who_works_does_not(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'studies.db'}"
    fill(RDBStorage(address), "one")
    reads, works = (open_storage(address, tmp_path, reading=reading) for reading in (True, False))
    assert isinstance(reads, ReadingStorage)
    assert not isinstance(works, ReadingStorage)
    study = optuna.load_study(study_name="one", storage=reads)
    before = study.get_trials(deepcopy=False)
    optuna.load_study(study_name="one", storage=works).add_trial(create_trial(values=[1.0, 1.0]))
    assert study.get_trials(deepcopy=False) == before  # as they were when they were read
    ended = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    assert [trial.number for trial in ended] == [0, 1, 2, 3, 4]


def test_tables_of_another_version_are_left_to_optuna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"sqlite:///{tmp_path / 'studies.db'}"
    fill(RDBStorage(address), "one")
    monkeypatch.setattr(bulk_reading, "KNOWN", {("4", "v3.2.0.a")})
    kept = open_storage(address, tmp_path, reading=True)
    assert not isinstance(kept, ReadingStorage)
    assert len(optuna.load_study(study_name="one", storage=kept).trials) == 9


def test_a_look_and_a_command_leave_no_connection_behind(recipe: Recipe, tmp_path: Path) -> None:
    """Their number is what a database runs out of first; the window looks every few seconds."""
    with postgres_cluster() as postgres:
        begin_study(recipe, SearchConfig(trials=3), tmp_path / "study", storage=postgres.url, name="ours").close()
        watcher = sa.create_engine(with_driver(postgres.url))

        def connections() -> int:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            with watcher.connect() as connection:
                return int(connection.scalar(sa.text(asked)) or 0)

        def settled() -> int:
            """The server ends a connection a moment after its client has."""
            end = time.monotonic() + 5
            while (count := connections()) > 1 and time.monotonic() < end:
                pass
            return count

        gc.disable()  # what is only forgotten stays until then
        try:
            for _ in range(4):
                place = {"folder": str(tmp_path / "study"), "storage": postgres.url, "study": "ours"}
                read_study.run(ReadStudy(**place, out=str(tmp_path)), print, CancelToken(), "job")
                steer_study.run(SteerStudy(**place, command={"command": "pause"}), print, CancelToken(), "job")
            assert settled() == 1  # the one that counts
        finally:
            gc.enable()
            watcher.dispose()


def test_a_study_is_opened_for_reading_alone(recipe: Recipe, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'studies.db'}"
    begun = begin_study(recipe, SearchConfig(trials=3, space="published"), tmp_path / "study", storage=address)
    begun.study.add_trial(create_trial(value=0.5, user_attrs={"run": "0000"}))
    found = open_study(tmp_path / "study", reading=True)
    assert isinstance(found.storage, ReadingStorage)
    assert [trial.value for trial in found.trials()] == [0.5]
    best = found.best()
    assert best is not None
    assert isinstance(best.datetime_complete, datetime)
