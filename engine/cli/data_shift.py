"""`tunevlseg data shift`: how far a dataset lies from what a model knows."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.config.yaml_io import apply_overrides
from engine.contract.jobs import DomainShift


def add(group: Commands) -> None:
    parser = group.add("shift", "How far images and phrases lie from what a model knows.", make, show)
    parser.add_argument("folder", metavar="PATH")
    parser.add_argument("--model", default="starter", metavar="WEIGHTS", help="installed id, folder or file")
    parser.add_argument(
        "--reference",
        default="",
        metavar="FOLDER",
        help="pictures like those that the model was trained on; default: what ships with it",
    )
    parser.add_argument("--out", default="", metavar="FOLDER", help="receives small pictures of what is on the map")
    parser.add_argument("--seed", type=int, default=12345, help="of the splits and of what is looked at")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of data, as in a recipe"
    )


def make(given: argparse.Namespace) -> DomainShift:
    data = {"folder": given.folder, **apply_overrides({}, given.set)}
    return DomainShift(data, given.model, given.reference, given.out, given.seed)


def show(result: dict[str, Any]) -> int:
    if not result["known"]:
        say(f"{result['words']}\n{result['advised']} (--reference FOLDER)")
        return 0
    bounds = "" if result["low"] is None else f" ({result['low']:.2f} to {result['high']:.2f})"
    say(f"distance {result['value']:.2f}{bounds}: {result['level']}")
    say(f"{result['images']} images, patients: {result['patients']}; beside {result['reference']}")
    say("1: like new pictures of the known kind")
    say(f"\n{result['words']}\n{result['advised']}")
    if result["phrases"]:
        rows = [[row["phrase"], row["value"], row["level"], row["nearest"]] for row in result["phrases"]]
        say("\n" + table(["phrase", "distance", "level", "nearest that it was taught"], rows))
    return 0
