"""`tunevlseg doctor`: what this machine can do, what is wrong, and the command that mends it."""

from __future__ import annotations

from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say
from engine.contract.jobs import Doctor


def add(commands: Commands) -> None:
    commands.add(
        "doctor", "Devices, versions, providers, memory, folders; what is wrong and how to mend it.", make, show
    )


def make(given: object) -> Doctor:
    del given
    return Doctor()


def show(result: dict[str, Any]) -> int:
    for name, value in result["facts"].items():
        say(f"{name:<22} {value}")
    problems = result["problems"]
    say("\nEverything fits." if not problems else "")
    for problem in problems:
        say(f"{problem['severity']}: {problem['message']}\n  {problem['fix']}")
    return 2 if any(problem["severity"] == "error" for problem in problems) else 0
