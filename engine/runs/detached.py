"""Runs that outlive whoever starts them: how a worker's process is started, and its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import engine
from engine.contract.errors import WorkerLost
from engine.contract.whole_file import told
from engine.runs.layout import LOG

OUTPUT = ".worker-events.jsonl"


def own_program() -> list[str]:
    """The command that starts the engine, for the engine itself: this Python, or the packaged program."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "engine"]


def engine_environment() -> dict[str, str]:
    """This process's environment, with the folder that holds the package `engine` importable."""
    known = dict(os.environ)
    root = str(Path(engine.__file__).resolve().parents[1])
    paths = [found for found in known.get("PYTHONPATH", "").split(os.pathsep) if found and found != root]
    known["PYTHONPATH"] = os.pathsep.join([root, *paths])
    known["PYTHONUNBUFFERED"] = "1"
    known["PYTHONUTF8"] = "1"
    return known


def start_detached(program: list[str], job_file: Path) -> subprocess.Popen[bytes]:
    """Starts `program work JOB.json` so that it lives on when its parent ends or is killed.

    Its free text goes to the run's log, its events (which the run folder keeps too, once there is one) to OUTPUT
    beside the job file, so that a run refused before it began still says why. The returned handle is only for
    collecting the exit code while the parent lives. Raises WorkerLost when the process cannot be started.
    """
    log = job_file.with_name(LOG)
    flags = 0
    if os.name == "nt":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP  # type: ignore[attr-defined,unused-ignore]
    try:
        with told(log), log.open("ab") as text, job_file.with_name(OUTPUT).open("wb") as events:
            return subprocess.Popen(
                [*program, "work", str(job_file)],
                stdin=subprocess.DEVNULL,
                stdout=events,
                stderr=text,
                cwd=job_file.parent,
                env=engine_environment(),
                start_new_session=os.name != "nt",
                creationflags=flags,
            )
    except (OSError, ValueError) as error:
        raise WorkerLost(
            f"The worker could not be started: {error}.", hint="Repair the installation: tunevlseg doctor."
        ) from error
