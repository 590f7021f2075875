"""`tunevlseg`: parses the command, runs its job, shows the outcome, returns the exit code of the contract."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import signal
import sys
from types import FrameType
from typing import Any

import engine
from engine.cli import commands
from engine.cli.declare import RESEARCH_ONLY, Commands, Show
from engine.cli.show import ForPeople, JsonLines
from engine.contract.control import CancelToken
from engine.contract.errors import EngineError
from engine.contract.events import Event, JobFinished
from engine.jobs.perform import DONE, MENDABLE, failure, new_job_id, perform


def parser() -> argparse.ArgumentParser:
    """The whole command line; each file of `engine.cli.commands` adds its own part."""
    top = argparse.ArgumentParser(
        prog="tunevlseg",
        description=f"Prompt-tune vision-language segmentation models and ask them for masks. {RESEARCH_ONLY}",
    )
    top.add_argument("--version", action="version", version=f"tunevlseg {engine.__version__}")
    declared = Commands(top.add_subparsers(metavar="COMMAND", required=True))
    for found in sorted(pkgutil.iter_modules(commands.__path__), key=lambda module: module.name):
        importlib.import_module(f"{commands.__name__}.{found.name}").add(declared)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 done, 2 the user can mend it, 1 a bug, 130 cancelled."""
    given = parser().parse_args(arguments)
    people = ForPeople()
    emit = JsonLines() if given.json else people
    token = CancelToken()
    _cancel_on_signals(token)
    kept: dict[str, Any] = {}

    def keep(event: Event) -> None:
        if isinstance(event, JobFinished):
            kept["result"] = event.result
        emit(event)

    job_id = new_job_id()
    try:
        job = given.make(given)
    except EngineError as error:
        emit(failure(job_id, error))
        return MENDABLE
    code = perform(job, job_id, keep, token)
    people.close()
    if code != DONE:
        return code
    if given.json:
        return _quiet(given.show, kept["result"])
    return given.show(kept["result"]) or DONE


def _quiet(show: Show, result: dict[str, Any]) -> int:
    """The exit code that `show` gives, its text on standard error: standard output carries JSON lines only."""
    out, sys.stdout = sys.stdout, sys.stderr
    try:
        return show(result) or DONE
    finally:
        sys.stdout = out


def _cancel_on_signals(token: CancelToken) -> None:
    """The first Ctrl+C asks the job to stop; a second one ends the program."""

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        if token.cancelled:
            os._exit(130)
        token.cancel()

    try:
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
    except ValueError:
        return  # not the main thread: the caller owns the signals
