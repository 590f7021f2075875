"""`tunevlseg evaluate RUN|BUNDLE`: scores per case and label."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import Evaluate


def add(commands: Commands) -> None:
    parser = commands.add("evaluate", "Score a run or bundle per case and label; CSV and a table.", make, show)
    parser.add_argument("target", metavar="RUN|BUNDLE")
    parser.add_argument("--data", default="", metavar="FOLDER", help="other data than the run's own")
    parser.add_argument("--split", default="test", choices=["train", "val", "test", "all"])
    parser.add_argument(
        "--out", default="", metavar="DIR", help="folder for scores.csv (default: the run, or beside the bundle)"
    )


def make(given: argparse.Namespace) -> Evaluate:
    return Evaluate(given.target, given.data, given.split, given.out)


def show(result: dict[str, Any]) -> None:
    rows = [
        [
            row["label"],
            row["n"],
            row["dice"],
            f"{row['dice_low']:.3f}-{row['dice_high']:.3f}",
            row["dice_positive"],
            row["iou"],
        ]
        for row in result["summary"]
    ]
    say(table(["label", "n", "Dice", "95 % interval", "Dice (label present)", "IoU"], rows))
    say(f"\nDice of an empty answer to an empty truth counts as 1. Every case: {result['scores']}")
