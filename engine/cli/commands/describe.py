"""`tunevlseg describe`: every model, strategy, layout, format and exporter with its settings, as JSON."""

from __future__ import annotations

import json
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say
from engine.contract.jobs import Describe


def add(commands: Commands) -> None:
    commands.add(
        "describe", "Every model, strategy, layout, format and exporter with its settings, as JSON.", make, show
    )


def make(given: object) -> Describe:
    del given
    return Describe()


def show(result: dict[str, Any]) -> None:
    say(json.dumps(result, indent=1, ensure_ascii=False))
