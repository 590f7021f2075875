"""`tunevlseg labels RECIPE.yaml`: would more labelled cases pay?"""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.errors import RecipeError
from engine.contract.jobs import PlanLabels


def add(commands: Commands) -> None:
    parser = commands.add("labels", "Tune on 1, 2, 4, … cases and tell how many more labels would pay.", make, show)
    parser.add_argument("recipe", metavar="RECIPE.yaml", help="what to tune, on what, how")
    parser.add_argument(
        "--out", default="", metavar="DIR", help="folder of the runs (default: beside your tournaments)"
    )
    parser.add_argument("--sizes", default="", metavar="1,2,4", help="numbers of training cases (default: doubled)")
    parser.add_argument("--gain", type=float, default=0.02, metavar="DICE", help="what should be gained (0.02)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="overrides the recipe")


def make(given: argparse.Namespace) -> PlanLabels:
    try:
        sizes = [int(size) for size in given.sizes.split(",") if size.strip()]
    except ValueError:
        raise RecipeError(f"--sizes {given.sizes!r} are no numbers.", hint="Write --sizes 1,2,4,8.") from None
    return PlanLabels(given.recipe, given.out, sizes, given.gain, list(given.set))


def show(result: dict[str, Any]) -> None:
    rows = [[point["cases"], point["dice"], point["low"], point["high"]] for point in result["points"]]
    say(table(["cases", "test Dice", "low", "high"], rows))
    say()
    say(result["advice"])
