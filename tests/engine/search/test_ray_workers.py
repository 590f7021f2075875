"""Workers as Ray tasks: a real cluster of two nodes on loopback, one of which is killed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
from fakes.postgres import postgres_cluster
from fakes.processes import Command, heard, write_recipe
from optuna.trial import TrialState

from engine.contract.errors import InputError, ResourceError
from engine.contract.events import TrialEnded
from engine.contract.jobs import Search
from engine.search.lease import LEASE
from engine.search.ray_workers import ray_connected, require_shared
from engine.search.study import open_study
from engine.synthetic.sample_data import write_dataset


def test_a_cluster_needs_a_storage_that_others_reach() -> None:
    with pytest.raises(InputError, match="reach no file"):
        require_shared(Search(cluster="10.0.0.1:6379"))
    require_shared(Search(cluster="local"))
    require_shared(Search(cluster="10.0.0.1:6379", storage="postgresql://db/x"))


def test_without_ray_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ResourceError, match="not installed") as caught:
        ray_connected("local")
    assert "tunevlseg[cluster]" in caught.value.hint


class Nodes:
    """`ray start --head` and further nodes on loopback, with a secret of their own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self._folder = folder
        self.env = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": uuid.uuid4().hex,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_TMPDIR": str(folder),
        }
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *, head: bool) -> None:
        where = [f"--port={self.address.partition(':')[2]}", "--head"] if head else [f"--address={self.address}"]
        more = ["--include-dashboard=false", f"--temp-dir={self._folder}"] if head else []
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", *where, *more, "--node-ip-address=127.0.0.1"]
        with (self._folder / f"node-{len(self.started)}.txt").open("wb") as text:
            self.started.append(
                subprocess.Popen(
                    [*command, "--num-cpus=1", "--num-gpus=0", "--disable-usage-stats", "--block"],
                    stdout=text, stderr=text, stdin=subprocess.DEVNULL, env={**os.environ, **self.env},
                )
            )  # fmt: skip

    def kill(self, node: int) -> None:
        """With everything that it started, as a machine that loses power."""
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.started[node].pid)
            for process in [parent, *parent.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self.started[node].wait()


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    pytest.importorskip("ray", reason="needs Ray (extra cluster)")
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: Ray's sockets lie in it
    found = Nodes(folder)
    try:
        found.start(head=True)
        yield found
    finally:
        for node in reversed(range(len(found.started))):
            found.kill(node)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_nodes_finish_a_study_when_one_of_them_is_lost(tiny_weights: Path, tmp_path: Path, nodes: Nodes) -> None:
    write_dataset("polyps", tmp_path / "polyps", count=14)
    recipe = write_recipe(tmp_path, tiny_weights, tmp_path / "polyps")
    nodes.start(head=False)
    with postgres_cluster() as postgres, ExitStack() as running:
        search = Command(
            tmp_path / "said", "search", str(recipe), "--trials", "20", "--study", "ray", "--storage", postgres.url,
            "--out", str(tmp_path / "study"), "--cluster", nodes.address, "--workers", "2", env=nodes.env,
        )  # fmt: skip
        running.callback(search.kill)
        search.until(heard(search, TrialEnded, 1))
        found = open_study(tmp_path / "look", storage=postgres.url, name="ray")

        def workers() -> set[str]:
            ended = [trial for trial in found.trials() if trial.state is TrialState.COMPLETE]
            return {trial.user_attrs[LEASE]["worker"] for trial in ended}

        search.until(lambda: len(workers()) == 2)
        assert sum(trial.state is TrialState.COMPLETE for trial in found.trials()) < 20
        nodes.kill(1)
        search.ended()
        states = [trial.state for trial in found.trials()]
        assert states.count(TrialState.COMPLETE) == 20
        told = [event for event in search.events() if isinstance(event, TrialEnded)]
        assert len({event.number for event in told if event.state == "complete"}) == 20
        assert postgres.password not in search.said()
