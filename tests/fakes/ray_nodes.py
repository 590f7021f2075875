"""A real Ray cluster of several nodes on loopback; each node can be killed as a machine that loses power."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.fakes.processes import PATIENCE_S


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

    def until_joined(self, node: int) -> None:
        """Waits until a node says that it runs: on a busy machine others may have done all the work by then."""
        said = self._folder / f"node-{node}.txt"
        end = time.monotonic() + PATIENCE_S
        while "Ray runtime started" not in said.read_text(errors="replace"):
            assert self.started[node].poll() is None, said.read_text(errors="replace")[-3000:]
            assert time.monotonic() < end
            time.sleep(0.1)

    def kill(self, node: int) -> None:
        """With everything that it started, as a machine that loses power."""
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.started[node].pid)
            for process in [parent, *parent.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self.started[node].wait()


@contextmanager
def ray_nodes() -> Iterator[Nodes]:
    """One node, the head, with one core; skips where Ray is not installed. All nodes are killed in the end."""
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
