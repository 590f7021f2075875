"""`tunevlseg split-gain RUN`: is it the prompts? A run beside its controls."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import SplitGain

_TITLES = {"zero_shot": "zero-shot", "upsampler_only": "upsampler only", "tuned": "tuned"}
_PARTS = {"by_upsampler": "upsampler only - zero-shot", "by_prompts": "tuned - upsampler only", "whole": "together"}


def add(commands: Commands) -> None:
    parser = commands.add(
        "split-gain",
        "Is it the prompts? Runs the zero-shot and upsampler-only controls of a run, and splits its gain.",
        make,
        show,
    )
    parser.add_argument("run", metavar="RUN")
    parser.add_argument(
        "--missing",
        default="here",
        choices=["here", "queue", "none"],
        help="controls that were not run yet: here, one after another; in the queue of runs; or only told",
    )


def make(given: argparse.Namespace) -> SplitGain:
    return SplitGain(given.run, given.missing)


def show(result: dict[str, Any]) -> int:
    for name, run in result["controls"].items():
        say(f"{_TITLES[name]}: {run}")
    if result["state"] != "done":
        say("The controls are not finished: ask again when they are.")
        return 2
    say(f"\n{result['words']}\n(split {result['split']}, {result['pairs']} pairs of {result['cases']} cases)\n")
    say(
        table(["run", "Dice", "95 % interval"], [[_TITLES[name], *_cells(row)] for name, row in result["dice"].items()])
    )
    say()
    parts = result["differences"]
    rows = [[title, *_cells(parts[name]), parts[name]["verdict"]] for name, title in _PARTS.items()]
    say(table(["difference of Dice", "mean", "95 % interval", "verdict"], rows))
    for note in result["notes"]:
        say(f"\n{note}")
    return 0


def _cells(row: dict[str, Any]) -> list[Any]:
    return [row["mean"], None if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"]
