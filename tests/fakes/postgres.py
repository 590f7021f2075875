"""A real PostgreSQL for tests: a cluster in a temporary folder, on loopback, with a password, stopped in the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

USER = "postgres"


def programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian keeps them off the PATH."""
    found = shutil.which("pg_ctl")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").is_file()), None)


class Postgres:
    """`start` and `stop` may follow each other; the data stays. `url` has the password in it."""

    def __init__(self, folder: Path, programs: Path, user: str | None, durable: bool) -> None:
        self._folder, self._programs, self._user, self._durable = folder, programs, user, durable
        self.password = uuid.uuid4().hex
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"postgresql://tester:{self.password}@127.0.0.1:{self.port}/postgres"

    def initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.password)
        if self._user:
            shutil.chown(secret, self._user)
        self._run(
            "initdb", "-D", "data", "-U", "tester", "--auth=scram-sha-256", "--pwfile=password", "--no-sync",
            "--locale=C", "--encoding=UTF8",
        )  # fmt: skip
        secret.unlink()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options += "" if self._durable else " -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-w", "-t", "60", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """As a server that is restarted: it waits for nobody."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", "fast", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            user=self._user,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} {arguments[-1]}: exit code {done.returncode}")


@contextmanager
def postgres_cluster(*, durable: bool = False) -> Iterator[Postgres]:
    """Skips visibly where PostgreSQL may not be run; `durable`: writes reach the disk, as in use."""
    pytest.importorskip("psycopg", reason="needs psycopg (extra cluster)")
    found = programs()
    if found is None:
        pytest.skip("needs PostgreSQL (Debian package postgresql)")
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
        try:
            pwd.getpwnam(USER)
        except KeyError:
            pytest.skip("needs the user postgres, who comes with PostgreSQL")
        user = USER
    folder = Path(tempfile.mkdtemp(prefix="tunevlseg-postgres-"))
    server = Postgres(folder, found, user, durable)
    try:
        if user:
            shutil.chown(folder, user)
        try:
            server.initialise()
            server.start()
        except (RuntimeError, OSError) as error:
            pytest.skip(f"PostgreSQL cannot be run here ({error})")
        try:
            yield server
        finally:
            with suppress(RuntimeError):  # a test has stopped it
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
