"""`tunevlseg data repair`: masks brought onto their scans' grids, stored without loss, inverted; leaks ended.

`data repair IMAGE MASK` compares one pair, and mends it with --how. `data repair FOLDER --kind KIND` mends all masks of
a dataset that have such a problem, as `data inspect` tells them, and notes it in its dataset.yaml.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.errors import InputError
from engine.contract.jobs import RepairData, RepairMask
from engine.volumes.preflight import REPAIRS

KINDS = ("geometry", "lossless", "invert", "leave_out", "regroup", "take_back", "originals")
_MOST = 20


def add(group: Commands) -> None:
    parser = group.add(
        "repair", "Compares or mends a mask's grid (IMAGE MASK), or all masks of a dataset (FOLDER --kind).", make, show
    )
    parser.add_argument("image", metavar="IMAGE|FOLDER")
    parser.add_argument("mask", metavar="MASK", nargs="?", default="")
    parser.add_argument("--how", default="", choices=["", *REPAIRS], metavar="|".join(REPAIRS), help="default: compare")
    parser.add_argument("--out", default="", metavar="FILE", help="a new file; originals stay as they are")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier repair")
    parser.add_argument(
        "--kind",
        default="",
        choices=["", *KINDS],
        metavar="|".join(KINDS),
        help="of a dataset: masks onto their scans' grids; JPEG and blurred ones as PNG; inverted ones inverted; "
        "unusable or empty cases left out; leaks across splits ended; cases taken back; original masks read again",
    )
    parser.add_argument("--case", action="append", default=[], metavar="ID", help="only this case (may be repeated)")
    parser.add_argument("--problem", default="", metavar="NAME", help="only problems of this kind (see --json)")
    parser.add_argument("--layout", default="auto", help="how the folder is organised; default: recognised")
    parser.add_argument("--seed", type=int, default=12345, help="of the splits")


def make(given: argparse.Namespace) -> RepairMask | RepairData:
    if given.kind:
        if given.mask or given.out:
            raise InputError(
                "--kind mends a dataset: it takes a folder and no MASK or --out.",
                hint="tunevlseg data repair FOLDER --kind KIND",
            )
        return RepairData(
            given.image,
            given.kind,
            cases=given.case,
            problem=given.problem,
            how=given.how,
            layout=given.layout,
            seed=given.seed,
        )
    if not given.mask:
        raise InputError(
            "Which mask?",
            hint="tunevlseg data repair IMAGE MASK compares a pair; data repair FOLDER --kind KIND mends a dataset.",
        )
    return RepairMask(given.image, given.mask, given.how, given.out, given.overwrite)


def show(result: dict[str, Any]) -> int:
    return _show_many(result) if "items" in result else _show_pair(result)


def _show_pair(result: dict[str, Any]) -> int:
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


def _show_many(result: dict[str, Any]) -> int:
    """Exit 2 where something was to be mended and nothing could be."""
    mended = [item for item in result["items"] if item["written"]]
    failed = [item for item in result["items"] if item.get("error")]
    for item in mended[:_MOST]:
        say(f"  {item['mask']} → {item['written']} ({item['how']})")
    if len(mended) > _MOST:
        say(f"  and {len(mended) - _MOST} more")
    for item in failed:
        say(f"  {item['mask']}: {item['error']}\n    {item['hint']}".rstrip())
    if result["left_out"]:
        say(f"{len(result['left_out'])} cases left out: {', '.join(result['left_out'][:_MOST])}")
    if result["taken_back"]:
        say(f"{len(result['taken_back'])} cases taken back: {', '.join(result['taken_back'][:_MOST])}")
    again = sum(not path for path in result["repaired"].values())
    if again:
        say(f"{again} masks are read as they were")
    for split, count in Counter(result["moves"].values()).items():
        say(f"{count} cases moved to {split}")
    if result["path"]:
        if mended:
            say(f"{len(mended)} mask{'' if len(mended) == 1 else 's'} mended")
        say(f"written: {result['path']}")
        return 0
    say("Nothing was mended." if failed else "Nothing is to be mended.")
    return 2 if failed else 0
