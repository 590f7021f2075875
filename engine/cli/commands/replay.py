"""`tunevlseg replay MASK`: makes a mask again from its receipt and compares. Exit code 0: equal; 2: not."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import Replay


def add(commands: Commands) -> None:
    parser = commands.add(
        "replay", "Make a mask again from its receipt, and compare: exit code 0 where not a voxel differs.", make, show
    )
    parser.add_argument("mask", metavar="MASK", help="a mask that `tunevlseg segment` wrote")
    parser.add_argument(
        "--scan", default="", metavar="SCAN|FOLDER", help="default: looked for beside the mask, by content"
    )
    parser.add_argument(
        "--bundle", default="", metavar="BUNDLE|MODEL", help="default: looked for among models and runs, by sha256"
    )
    parser.add_argument("--series", default="", metavar="N|UID", help="which series of a DICOM folder")


def make(given: argparse.Namespace) -> Replay:
    return Replay(given.mask, given.scan, given.bundle, given.series)


def show(result: dict[str, Any]) -> int:
    if result.get("edited"):
        say(result["reasons"][0])
        return 2
    rows = [[entry["prompt"], entry["dice"], entry["differing_voxels"], entry["voxels"]] for entry in result["masks"]]
    say(table(["prompt", "Dice", "differing voxels", "voxels"], rows))
    say("\nEqual: not a voxel differs." if result["equal"] else "\nNot equal.")
    for reason in result["reasons"]:
        say(f"  {reason}")
    return 0 if result["equal"] else 2
