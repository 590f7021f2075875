"""`tunevlseg describe`: every model, strategy, layout, format and exporter with its settings, as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say
from engine.contract.jobs import Describe


def add(commands: Commands) -> None:
    parser = commands.add(
        "describe", "Every model, strategy, layout, format and exporter with its settings, as JSON.", make, show
    )
    parser.add_argument("--renew", action="store_true", help="for developers: write the catalogue anew first")


def make(given: argparse.Namespace) -> Describe:
    return Describe(given.renew)


def show(result: dict[str, Any]) -> None:
    say(json.dumps(result, indent=1, ensure_ascii=False))
