"""`tunevlseg report RUN… --out FILE.html`: runs as one HTML file that needs nothing else."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say
from engine.contract.jobs import Report


def add(commands: Commands) -> None:
    parser = commands.add(
        "report", "Runs as one HTML file: settings, data, curves, scores, examples, versions, limits.", make, show
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders; the others are compared with the first")
    parser.add_argument("--out", required=True, metavar="FILE.html")
    parser.add_argument(
        "--case-names",
        action="store_true",
        help="name cases as the dataset does; these may be names of patients (default: numbers)",
    )
    parser.add_argument(
        "--no-pictures", dest="pictures", action="store_false", help="leave out the best, median and worst case"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a report that is there")


def make(given: argparse.Namespace) -> Report:
    return Report(list(given.runs), given.out, given.case_names, given.pictures, given.overwrite)


def show(result: dict[str, Any]) -> None:
    say(f"report  {result['report']}  ({result['megabytes']:.2f} MB)")
    for note in result["notes"]:
        say(f"        {note}")
