"""`tunevlseg`: parses the command, runs its job, shows the outcome, returns the exit code of the contract."""

from __future__ import annotations

import _thread
import argparse
import importlib
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import FrameType
from typing import Any

import engine
from engine.cli import commands
from engine.cli.declare import Commands
from engine.cli.show import ForPeople, JsonLines, write_nowhere
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError
from engine.contract.events import Event, JobFinished
from engine.contract.notices import RESEARCH_ONLY
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
    _print_anything()
    given = parser().parse_args(arguments)
    try:
        return _json(given) if given.json else _for_people(given)
    except BrokenPipeError:
        write_nowhere(sys.stdout)  # whoever read the output has enough (`| head`)
        return DONE


def _for_people(given: argparse.Namespace) -> int:
    people = ForPeople()
    kept: dict[str, Any] = {}
    code = _perform(given, people, kept)
    people.close()
    return code if code != DONE else given.show(kept) or DONE


def _json(given: argparse.Namespace) -> int:
    """Standard output carries JSON lines only: what libraries print, and text for a person, go to standard error."""
    lines = JsonLines(sys.stdout)
    people = ForPeople(bars=False)

    def tell(event: Event) -> None:
        lines(event)
        people(event)

    kept: dict[str, Any] = {}
    with redirect_stdout(sys.stderr):
        code = _perform(given, tell, kept)
        return code if code != DONE else given.show(kept) or DONE


def _perform(given: argparse.Namespace, emit: Emit, kept: dict[str, Any]) -> int:
    """Runs the command's job; its result goes into `kept`."""

    def keep(event: Event) -> None:
        if isinstance(event, JobFinished):
            kept.update(event.result)
        emit(event)

    job_id = new_job_id()
    try:
        job = given.make(given)
    except EngineError as error:
        emit(failure(job_id, error))
        return MENDABLE
    token = CancelToken()
    with _cancel_on_signals(token):
        return perform(job, job_id, keep, token)


def _print_anything() -> None:
    """A file name or phrase that the terminal's encoding lacks is shown escaped; it must not end the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


PATIENCE_S = 0.7
"""After a first Ctrl+C: how long a job may take to see the token before it is interrupted where it stands."""


@contextmanager
def _cancel_on_signals(token: CancelToken) -> Iterator[None]:
    """The first Ctrl+C asks the job to stop, and interrupts it where it does not listen (a library that is loading);
    a second one ends the program at once."""
    overdue = threading.Event()
    over = threading.Event()

    def insist() -> None:
        if not over.is_set():
            overdue.set()
            _thread.interrupt_main()

    timer = threading.Timer(PATIENCE_S, insist)
    timer.daemon = True

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        if overdue.is_set():
            overdue.clear()
            if not over.is_set():
                raise KeyboardInterrupt
        elif token.cancelled:
            os._exit(130)
        else:
            token.cancel()
            timer.start()

    try:
        before = [(number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM)]
    except ValueError:
        before = []  # not the main thread: the caller owns the signals
    try:
        yield
    finally:
        over.set()
        timer.cancel()
        for number, handler in before:
            signal.signal(number, handler)
