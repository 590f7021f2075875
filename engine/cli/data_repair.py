"""`tunevlseg data repair`: a table of what differs between a scan's grid and its mask's, and the repairs."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import RepairMask
from engine.volumes.preflight import REPAIRS


def add(group: Commands) -> None:
    parser = group.add(
        "repair", "Compare the grids of a scan and its mask; with --how, write the mask on the scan's.", make, show
    )
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("mask", metavar="MASK")
    parser.add_argument("--how", default="", choices=["", *REPAIRS], metavar="|".join(REPAIRS), help="default: compare")
    parser.add_argument("--out", default="", metavar="FILE", help="a new file; originals stay as they are")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier repair")


def make(given: argparse.Namespace) -> RepairMask:
    return RepairMask(given.image, given.mask, given.how, given.out, given.overwrite)


def show(result: dict[str, Any]) -> int:
    if result["same"]:
        say("Image and mask lie on the same grid.")
        return 0
    say(table(["", "scan", "mask"], [[row["what"], row["scan"], row["mask"]] for row in result["differences"]]))
    if "written" in result:
        say(f"\nWritten: {result['written']} ({result['voxels_before']:,} marked voxels → {result['voxels_after']:,})")
        say(f"Log: {result['log']}")
        return 0
    if result["refused"]:
        say(f"\nNo repair: {result['refused']}")
        return 2
    say("\nRepairs, best first (--how NAME --out FILE):")
    for offer in result["offers"]:
        say(f"  {offer['repair']}: {offer['does']}")
    return 2
