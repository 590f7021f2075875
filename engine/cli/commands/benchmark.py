"""`tunevlseg benchmark MATRIX.yaml`: models × strategies × datasets, and the tables."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import Benchmark


def add(commands: Commands) -> None:
    parser = commands.add("benchmark", "Compare models and strategies on datasets under one budget.", make, show)
    parser.add_argument(
        "matrix", metavar="MATRIX.yaml", help="what is compared on what; see resources/presets/benchmarks"
    )
    parser.add_argument("--out", default="", metavar="DIR", help="its folder (default: beside your other tournaments)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="overrides the matrix")
    parser.add_argument("--tables", action="store_true", help="only write the tables of what is finished")


def make(given: argparse.Namespace) -> Benchmark:
    return Benchmark(given.matrix, given.out, list(given.set), given.tables)


def show(result: dict[str, Any]) -> None:
    for shown in result["shown"]:
        say(shown["title"])
        say(table(shown["head"], shown["rows"]))
        say()
    left = f"impossible: {result['impossible']}, failed: {result['failed']}"
    say(f"{result['done']} of {result['cells']} cells done; {left}")
    say(f"Tables: {', '.join(result['tables'].values())}")
