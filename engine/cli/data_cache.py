"""`tunevlseg data cache`: what is kept of decoded slices, image features and encoded scans, and how much at most."""

from __future__ import annotations

import argparse
import time
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import DataCache


def add(group: Commands) -> None:
    parser = group.add(
        "cache",
        "What is kept of decoded slices, image features and encoded scans, to be quicker; --clear it.",
        make,
        show,
    )
    parser.add_argument("folder", nargs="?", default="", metavar="PATH", help="one dataset's folder; default: all")
    parser.add_argument("--clear", action="store_true", help="remove it, but for what a run is using")


def make(given: argparse.Namespace) -> DataCache:
    return DataCache(given.folder, given.clear)


def show(result: dict[str, Any]) -> int:
    if "removed" in result:
        left = f"; {_size(result['spared'])} stay, since a run uses them" if result["spared"] else ""
        say(f"{_size(result['removed'])} removed{left}")
    for name, what in (("features", "image features"), ("encodings", "encoded scans")):
        held = result[name]
        if held["entries"]:
            done = "removed" if held["cleared"] else f"in {held['folder']}"
            say(f"{held['entries']:,} {what}, {_size(held['bytes'])}, {done}")
    rows = [
        [
            row["name"] or row["dataset"],
            row["slices"],
            f"{row['pixels']} px, {row['labels']} labels, {row['plane']}" if row["dataset"] else "(damaged)",
            _size(row["bytes"]),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(row["used"])),
            row["in_use"],
        ]
        for row in result["datasets"]
    ]
    if rows:
        # The cache keeps no names: a dataset that no run has learnt from is shown by its hash.
        say(table(["dataset", "slices", "as", "size", "last used", "in use"], rows))
    say(f"{_size(result['bytes'])} in {result['folder']}; at most {_size(result['limit'])} (TUNEVLSEG_CACHE_GB)")
    return 0


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
