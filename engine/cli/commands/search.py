"""`tunevlseg search RECIPE.yaml`: an Optuna study over the recipe's searchable settings."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.pairs import pair
from engine.cli.show import say, table
from engine.contract.errors import RecipeError
from engine.contract.jobs import Search


def add(commands: Commands) -> None:
    parser = commands.add("search", "Search for the best settings of a recipe: an Optuna study.", make, show)
    parser.add_argument("recipe", nargs="?", default="", metavar="RECIPE.yaml", help="what to tune, on what, how")
    parser.add_argument("--trials", type=int, default=None, metavar="N", help="runs in all, all workers together (20)")
    parser.add_argument("--storage", default="", metavar="URL", help="database of the study (default: a journal file)")
    parser.add_argument("--study", default="", metavar="NAME", help="name of the study (default: the recipe's)")
    parser.add_argument("--out", default="", metavar="DIR", help="the study's folder (default: beside your others)")
    parser.add_argument("--worker", action="store_true", help="only help with a study that was begun elsewhere")
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N",
        help="processes on this machine (default: one for each GPU); at most so many tasks in a cluster (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--cluster", default="", metavar="ADDRESS", help="workers are tasks of a Ray cluster; local: started here"
    )
    parser.add_argument(
        "--gpu-share",
        type=float,
        default=0.0,
        metavar="X",
        help="GPUs each task of the cluster asks for (0.5: half one)",
    )
    parser.add_argument("--data", default="", metavar="FOLDER", help="where this machine keeps the dataset")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="seed of what is proposed (12345)")
    parser.add_argument(
        "--objective", action="append", default=[], metavar="NAME",
        help="val_dice (default), last_val_loss (as published), seconds, learned; several: a Pareto front",
    )  # fmt: skip
    parser.add_argument("--sampler", default="", choices=["", "tpe", "random"], metavar="tpe|random", help="proposals")
    parser.add_argument("--startup-trials", type=int, default=None, metavar="N", help="random trials first (10)")
    parser.add_argument(
        "--pruner", default="", choices=["", "none", "median", "hyperband"], metavar="NAME",
        help="ends runs that lag behind: none (default), median, hyperband",
    )  # fmt: skip
    parser.add_argument(
        "--space", default="", choices=["", "auto", "published", "card"], metavar="NAME",
        help="ranges: auto (default), published, card",
    )  # fmt: skip
    parser.add_argument(
        "--freeze", action="append", default=[], metavar="KEY=VALUE", help="propose only this: strategy.prompt_depth=3"
    )
    parser.add_argument(
        "--narrow", action="append", default=[], metavar="KEY=[LOW,HIGH]", help="propose only these values"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="overrides the recipe")


def make(given: argparse.Namespace) -> Search:
    if not given.recipe and not given.study and not given.out:
        raise RecipeError("Nothing to search.", hint="Give a RECIPE.yaml, or --study NAME of one that was begun.")
    if given.worker and given.recipe:
        raise RecipeError(
            "A worker takes its recipe from the study.",
            hint="Give --study NAME and --storage URL alone.",
            field="recipe",
        )
    if given.worker or not given.recipe:
        _require_unasked(given)
    wanted = {
        "trials": given.trials, "seed": given.seed, "objectives": list(given.objective), "sampler": given.sampler,
        "startup_trials": given.startup_trials, "pruner": given.pruner, "space": given.space,
    }  # fmt: skip
    return Search(
        given.recipe,
        folder=given.out,
        study=given.study,
        storage=given.storage,
        search={key: value for key, value in wanted.items() if value not in (None, "", [])},
        overrides=list(given.set),
        worker=given.worker,
        workers=given.workers,
        cluster=given.cluster,
        gpu_share=given.gpu_share,
        data=given.data,
        frozen=dict(pair(text, "--freeze") for text in given.freeze),
        narrowed=dict(pair(text, "--narrow") for text in given.narrow),
    )


def _require_unasked(given: argparse.Namespace) -> None:
    """What a study was begun with never changes, and only who leads it says how many trials there are."""
    kept = ["seed", "objective", "sampler", "startup_trials", "pruner", "space", "set"]
    for name in [*kept, *(["trials", "freeze", "narrow"] if given.worker else [])]:
        if getattr(given, name) not in (None, "", []):
            option = f"--{name.replace('_', '-')}"
            raise RecipeError(
                f"{option} says nothing to a study that was begun.",
                hint=f"Leave {option} out, or begin a new study with RECIPE.yaml.",
                field=f"search.{name}",
            )


def show(result: dict[str, Any]) -> None:
    states = ", ".join(f"{count} {name}" for name, count in result["states"].items())
    say(f"study   {result['study']}  ({states})")
    say(f"folder  {result['folder']}")
    if "best" in result:
        say(f"best    trial {result['best']}  {result['objectives'][0]} {result['value']:.4f}")
        say()
        say(table(["setting", "value"], [[path, _told(value)] for path, value in result["params"].items()]))
        say()
        say("The best one was chosen by these validation scores, which are a little too good for that reason.")
        say(f"Next: tunevlseg evaluate {result['run']}, or tunevlseg tune {result['recipe']}")
    elif result.get("front"):
        say()
        say(
            table(
                ["trial", *result["objectives"], "settings"],
                [
                    [row["trial"], *row["values"], ", ".join(f"{k} {_told(v)}" for k, v in row["params"].items())]
                    for row in result["front"]
                ],
            )
        )


def _told(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
