"""Declares commands: how each makes its job and shows the result."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from engine.contract.jobs import Job
from engine.contract.notices import RESEARCH_ONLY

MakeJob = Callable[[argparse.Namespace], Job]
Show = Callable[[dict[str, Any]], int | None]


class Commands:
    """Declares commands; each knows how to make its job and how to show the result."""

    def __init__(self, parsers: Any) -> None:
        self._parsers = parsers

    def add(self, name: str, help: str, make: MakeJob, show: Show) -> argparse.ArgumentParser:
        """A command of its own; `show` prints the result and may return an exit code other than 0."""
        parser: argparse.ArgumentParser = self._parsers.add_parser(
            name, help=help, description=f"{help} {RESEARCH_ONLY}"
        )
        parser.add_argument("--json", action="store_true", help="events and results as JSON lines on standard output")
        parser.set_defaults(make=make, show=show)
        return parser

    def group(self, name: str, help: str) -> Commands:
        """A command with commands of its own, like `data inspect`."""
        parser = self._parsers.add_parser(name, help=help, description=help)
        return Commands(parser.add_subparsers(metavar="COMMAND", required=True))
