"""`tunevlseg evaluate RUN|BUNDLE`: scores per case and label."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import Evaluate
from engine.runs.scores import EMPTY_MASKS


def add(commands: Commands) -> None:
    parser = commands.add("evaluate", "Score a run or bundle per case and label; CSV and a table.", make, show)
    parser.add_argument("target", metavar="RUN|BUNDLE")
    parser.add_argument("--data", default="", metavar="FOLDER", help="other data than the run's own")
    parser.add_argument("--split", default="test", choices=["train", "val", "test", "all"])
    parser.add_argument(
        "--out",
        default="",
        metavar="DIR|FILE.csv",
        help="where scores go: a folder for scores.csv (scores-SPLIT.csv for other splits than test), or a file "
        "(default: the run, beside the bundle, or, for a run on other data, the present folder)",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        metavar="MM",
        help="distance at which a border still counts as right in the surface Dice: mm, pixels for pictures "
        "(default: the run's, 2 for a bundle)",
    )


def make(given: argparse.Namespace) -> Evaluate:
    return Evaluate(given.target, given.data, given.split, given.out, given.tolerance)


def show(result: dict[str, Any]) -> None:
    summary = result["summary"]
    say(_table(summary, "label", "n", "dice", "dice_sd", "dice_interval", "dice_positive", "iou", "dataset_iou"))
    if any(row["nsd"] is not None for row in summary):
        say()
        columns = ["label", "hd95", "hd95_sd", "hd95_interval", "unit", "hd95_missing", "nsd", "nsd_sd", "nsd_positive"]
        say(_table(summary, *columns))
    say(f"\n{EMPTY_MASKS}")
    within = f"within {result['tolerance']:g} of each other, in mm, or in pixels of a picture"
    say(f"Surface Dice: the share of the borders {within}.")
    say(f"Every case: {result['scores']}")


_HEADS = {
    "dice": "Dice",
    "dice_positive": "Dice (label present)",
    "iou": "IoU",
    "dataset_iou": "IoU of all pixels",
    "hd95": "HD95",
    "hd95_missing": "undefined",
    "nsd": "surface Dice",
    "nsd_positive": "(label present)",
}


def _table(summary: list[dict[str, Any]], *columns: str) -> str:
    heads = [
        "sd" if name.endswith("_sd") else "95 % interval" if name.endswith("_interval") else name for name in columns
    ]
    return table(
        [_HEADS.get(head, head) for head in heads], [[_value(row, name) for name in columns] for row in summary]
    )


def _value(row: dict[str, Any], column: str) -> Any:
    metric, _, kind = column.partition("_")
    if kind != "interval":
        return row[column]
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return None if low is None else f"{low:.3f}-{high:.3f}"
