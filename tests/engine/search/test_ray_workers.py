"""Workers as Ray tasks: a real cluster of nodes on loopback, which come and go; a driver that is killed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from optuna.trial import TrialState

from engine.contract import wire
from engine.contract.control import CancelToken
from engine.contract.errors import InputError, ResourceError
from engine.contract.events import JobFinished, Log, TrialEnded, TrialStarted
from engine.contract.jobs import Search
from engine.recipe import Recipe
from engine.runs.cluster import ray_connected
from engine.search.config import SearchConfig
from engine.search.lease import LEASE
from engine.search.ray_workers import WITHOUT, RayWorkers, require_shared
from engine.search.study import RUN, OpenStudy, begin_study, open_study
from engine.search.worker import state_name
from engine.synthetic.sample_data import write_dataset
from tests.fakes.postgres import postgres_cluster
from tests.fakes.processes import Command, heard
from tests.fakes.ray_nodes import Nodes, ray_nodes
from tests.fakes.recipes import write_recipe


def test_a_cluster_needs_a_storage_that_others_reach() -> None:
    with pytest.raises(InputError, match="reach no file"):
        require_shared(Search(cluster="10.0.0.1:6379"))
    require_shared(Search(cluster="local"))
    require_shared(Search(cluster="10.0.0.1:6379", storage="postgresql://db/x"))


def test_without_ray_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ResourceError, match="not installed") as caught:
        ray_connected("local", WITHOUT)
    assert "tunevlseg[cluster]" in caught.value.hint
    assert "search --worker" in caught.value.hint


class OneMachine:
    """What is asked of Ray; its one task does the study's only trial at once."""

    def __init__(self, found: OpenStudy) -> None:
        self.found, self.asked = found, 0

    def init(self, **_: Any) -> None: ...

    def shutdown(self) -> None: ...

    def cancel(self, _task: int) -> None: ...

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True, "Resources": {"CPU": 1.0}}]

    def remote(self, **_: Any) -> Callable[[Any], Any]:
        return lambda _function: SimpleNamespace(remote=self._do)

    def _do(self, *_: Any, **_more: Any) -> int:
        self.asked += 1
        if self.asked == 1:
            self.found.study.tell(self.found.study.ask(), 0.5)
        return self.asked

    def wait(self, tasks: list[int], **_: Any) -> tuple[list[int], list[int]]:
        return tasks, []

    def get(self, _task: int) -> str:
        return wire.event_to_line(JobFinished("job", {}))


def test_a_worker_that_found_nothing_left_is_not_asked_for_again(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks into the storage are seconds apart; whoever has just ended knows more."""
    found = begin_study(recipe, SearchConfig(trials=1), tmp_path / "study")
    ray = OneMachine(found)
    monkeypatch.setitem(sys.modules, "ray", ray)
    workers = RayWorkers(found, "local", Search(), lambda _: None, CancelToken(), "job", 0, 0.0, lambda: {"trials": 1})
    assert workers.work() == {"trials": 1}
    assert ray.asked == 1


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    with ray_nodes() as found:
        yield found


def workers(found: OpenStudy) -> set[str]:
    """Names of those who completed a trial."""
    ended = [trial for trial in found.trials() if trial.state is TrialState.COMPLETE]
    return {trial.user_attrs[LEASE]["worker"] for trial in ended}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_nodes_finish_a_study_when_one_of_them_is_lost(tiny_weights: Path, tmp_path: Path, nodes: Nodes) -> None:
    write_dataset("polyps", tmp_path / "polyps", count=14)
    recipe = write_recipe(tmp_path, tiny_weights, tmp_path / "polyps")
    nodes.start(head=False)
    with postgres_cluster() as postgres, ExitStack() as running:
        nodes.until_joined(1)
        search = Command(
            tmp_path / "said", "search", str(recipe), "--trials", "20", "--study", "ray", "--storage", postgres.url,
            "--out", str(tmp_path / "study"), "--cluster", nodes.address, "--workers", "2", env=nodes.env,
        )  # fmt: skip
        running.callback(search.kill)
        search.until(heard(search, TrialEnded, 1))
        found = open_study(tmp_path / "look", storage=postgres.url, name="ray")
        search.until(lambda: len(workers(found)) == 2)
        assert sum(trial.state is TrialState.COMPLETE for trial in found.trials()) < 20
        nodes.kill(1)
        search.ended()
        states = [trial.state for trial in found.trials()]
        assert states.count(TrialState.COMPLETE) == 20
        told = [event for event in search.events() if isinstance(event, TrialEnded)]
        assert len({event.number for event in told if event.state == "complete"}) == 20
        assert postgres.password not in search.said()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_node_that_joins_gets_a_worker_and_one_that_leaves_takes_it_along(
    tiny_weights: Path, tmp_path: Path, nodes: Nodes
) -> None:
    """No number of workers is asked for: as many as there is room for at each moment."""
    write_dataset("polyps", tmp_path / "polyps", count=14)
    recipe = write_recipe(tmp_path, tiny_weights, tmp_path / "polyps")
    with postgres_cluster() as postgres, ExitStack() as running:
        search = Command(
            tmp_path / "said", "search", str(recipe), "--trials", "36", "--study", "ray", "--storage", postgres.url,
            "--out", str(tmp_path / "study"), "--cluster", nodes.address, env=nodes.env,
        )  # fmt: skip
        running.callback(search.kill)
        search.until(heard(search, TrialEnded, 2))
        found = open_study(tmp_path / "look", storage=postgres.url, name="ray")
        assert len(workers(found)) == 1
        nodes.start(head=False)
        search.until(lambda: len(workers(found)) == 2)
        assert sum(trial.state is TrialState.COMPLETE for trial in found.trials()) < 36
        nodes.kill(1)
        search.ended()
        assert [trial.state for trial in found.trials()].count(TrialState.COMPLETE) == 36
        said = [event.message for event in search.events() if isinstance(event, Log)]
        assert "The cluster grew: room for 2 workers." in said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_driver_that_is_killed_and_started_again_ends_the_study_once(
    tiny_weights: Path, tmp_path: Path, nodes: Nodes
) -> None:
    write_dataset("polyps", tmp_path / "polyps", count=14)
    recipe = write_recipe(tmp_path, tiny_weights, tmp_path / "polyps")
    with postgres_cluster() as postgres, ExitStack() as running:

        def search(name: str) -> Command:
            found = Command(
                tmp_path / name, "search", str(recipe), "--trials", "8", "--study", "ray", "--storage", postgres.url,
                "--out", str(tmp_path / "study"), "--cluster", nodes.address, env=nodes.env,
            )  # fmt: skip
            running.callback(found.kill)
            return found

        first = search("first")
        first.until(heard(first, TrialEnded, 2))
        first.until(heard(first, TrialStarted, 3))
        first.kill()
        second = search("second")
        second.ended()
        found = open_study(tmp_path / "look", storage=postgres.url, name="ray")
        whole = [trial for trial in found.trials() if state_name(trial) != "lost"]
        assert [trial.state for trial in whole] == [TrialState.COMPLETE] * 8
        assert len({trial.user_attrs[RUN] for trial in whole}) == 8  # each in a run of its own
        # The folder's events tell the end of each trial once, whoever told it.
        lines = (tmp_path / "study" / "events.jsonl").read_text().splitlines()
        ended = [event for line in lines if isinstance(event := wire.event_from_line(line), TrialEnded)]
        complete = [event.number for event in ended if event.state == "complete"]
        assert len(complete) == len(set(complete))
        assert len(complete) >= 7  # one that ended in between is told by neither
