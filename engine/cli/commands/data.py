"""`tunevlseg data inspect PATH`: what is in a folder, what is wrong with it, and how to mend it.

`tunevlseg data repair IMAGE MASK`: what differs between two grids, and the mask on its scan's, as a new file.
"""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli import data_repair
from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import InspectData


def add(commands: Commands) -> None:
    group = commands.group("data", "Look into a dataset folder.")
    parser = group.add("inspect", "Layout, cases, labels, splits and problems; every file is opened.", make, show)
    parser.add_argument("folder", metavar="PATH")
    parser.add_argument("--layout", default="auto")
    data_repair.add(group)


def make(given: argparse.Namespace) -> InspectData:
    return InspectData(given.folder, given.layout)


def show(result: dict[str, Any]) -> int:
    synthetic = "  (synthetic: drawn, not measured)" if result.get("synthetic") else ""
    say(f"{result['name']}: layout {result['layout']}, {len(result['cases'])} cases ({result['kind']}){synthetic}")
    say(result["details"])
    say()
    splits = [[name, row["cases"], row["patients"], row["slices"]] for name, row in result["splits"].items()]
    say(table(["split", "cases", "patients", "slices"], splits))
    say()
    labels = [[row["value"], row["name"], row["phrase"], row["cases"]] for row in result["labels"]]
    say(table(["value", "label", "phrase", "cases with it"], labels))
    problems = result["problems"]
    if problems:
        say(f"\n{len(problems)} problem{'s' if len(problems) > 1 else ''}:")
    for problem in problems:
        where = f"{problem['path']}: " if problem.get("path") else ""
        fix = f"\n    {problem['fix']}" if problem.get("fix") else ""
        say(f"  {problem['severity']}: {where}{problem['message']}{fix}")
    return 0 if result["usable"] else 2
