"""Searches by real processes that are killed: on one machine, and as plain workers of a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from engine.contract.events import EpochEnded, JobFailed, Log, TrialEnded, TrialStarted
from engine.search.reading import trial_rows
from engine.search.study import OpenStudy, open_study
from engine.synthetic.sample_data import write_dataset
from tests.fakes.postgres import postgres_cluster
from tests.fakes.processes import Command, heard
from tests.fakes.recipes import write_recipe

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TIMES = ("started", "ended", "seconds", "run", "number", "repeats")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=14)
    return folder


@pytest.fixture
def running() -> Iterator[ExitStack]:
    """Processes that a failing test leaves are ended."""
    with ExitStack() as stack:
        yield stack


def command(running: ExitStack, out: Path, *arguments: str) -> Command:
    found = Command(out, *arguments)
    running.callback(found.kill)
    return found


def table(found: OpenStudy) -> list[dict[str, Any]]:
    """Each trial once, without what the clock says; lost ones count by their repeats."""
    rows = [row for row in trial_rows(found) if row["state"] != "lost"]
    return [{key: value for key, value in row.items() if key not in TIMES} for row in rows]


def test_a_search_that_is_killed_twice_has_the_table_of_one_that_was_not(
    tiny_weights: Path, drawn: Path, tmp_path: Path, running: ExitStack
) -> None:
    recipe = write_recipe(tmp_path, tiny_weights, drawn)

    def search(name: str, run: int = 0) -> Command:
        asked = ["search", str(recipe), "--trials", "8", "--startup-trials", "3", "--out", str(tmp_path / name)]
        return command(running, tmp_path / f"{name}-{run}", *asked)

    search("whole").ended()
    for run, trials in enumerate((2, 3)):  # within the random start, and after TPE began
        killed = search("broken", run)
        killed.until(heard(killed, TrialEnded, trials))
        # In the middle of the next trial: it has begun, or has an epoch by now.
        killed.until(heard(killed, EpochEnded, 2 * trials + 1 - run))
        killed.kill()
    search("broken", 2).ended()
    whole, broken = open_study(tmp_path / "whole"), open_study(tmp_path / "broken")
    assert table(broken) == table(whole)
    assert [row["state"] for row in table(broken)] == ["complete"] * 8
    assert len(trial_rows(broken)) == 10  # two were lost, and done again


def test_two_workers_of_one_machine_are_started_by_the_search(
    tiny_weights: Path, drawn: Path, tmp_path: Path, running: ExitStack
) -> None:
    recipe = write_recipe(tmp_path, tiny_weights, drawn)
    asked = ["search", str(recipe), "--trials", "16", "--workers", "2", "--out", str(tmp_path / "study")]
    search = command(running, tmp_path / "said", *asked)
    search.ended()
    ended = [event.number for event in search.events() if isinstance(event, TrialEnded)]
    assert sorted(ended) == list(range(16))
    found = open_study(tmp_path / "study")
    assert len({trial.user_attrs["lease"]["worker"] for trial in found.trials()}) == 2
    assert not [event for event in search.events() if isinstance(event, Log) and event.level != "info"]


def test_plain_workers_of_a_database_finish_without_the_one_that_is_killed(
    tiny_weights: Path, drawn: Path, tmp_path: Path, running: ExitStack
) -> None:
    recipe = write_recipe(tmp_path, tiny_weights, drawn)
    other = tmp_path / "other"
    write_dataset("polyps", other, count=14, seed=1)
    with postgres_cluster() as postgres:
        begun = command(
            running, tmp_path / "begun", "search", str(recipe), "--trials", "20", "--study", "far",
            "--storage", postgres.url, "--out", str(tmp_path / "study-0"),
        )  # fmt: skip
        begun.until(heard(begun, TrialStarted, 1))

        def worker(name: str, *more: str) -> Command:
            asked = ["search", "--worker", "--study", "far", "--storage", postgres.url]
            return command(running, tmp_path / name, *asked, "--out", str(tmp_path / f"study-{name}"), *more)

        refused = worker("refused", "--data", str(other))
        workers = [worker("one"), worker("two", "--data", str(drawn))]
        begun.until(heard(begun, TrialEnded, 2))
        begun.kill()  # whoever began it is not needed any more
        workers[0].until(heard(workers[0], TrialEnded, 1))
        workers[0].until(heard(workers[0], TrialStarted, 2))
        workers[0].kill()
        workers[1].ended()
        found = open_study(tmp_path / "look", storage=postgres.url, name="far")
        states = [trial.state for trial in found.trials()]
        assert states.count(TrialState.COMPLETE) == 20
        assert len(table(found)) == 20
        assert refused.process.wait(60) == 2
        (told,) = [event for event in refused.events() if isinstance(event, JobFailed)]
        assert "not the one that the study is about" in told.message
        for one in [begun, refused, *workers]:
            assert postgres.password not in one.said()
