"""`tunevlseg tune RECIPE.yaml`: one run, a new one, one that goes on, or one that leaves another."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.config.yaml_io import load_yaml
from engine.contract.errors import RecipeError
from engine.contract.jobs import Estimate, Tune


def add(commands: Commands) -> None:
    parser = commands.add("tune", "Tune a model from a recipe; writes a run folder.", make, show)
    parser.add_argument("recipe", nargs="?", default="", metavar="RECIPE.yaml", help="what to tune, on what, how")
    parser.add_argument("--out", default="", metavar="DIR", help="the run folder (default: beside your other runs)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="overrides a setting: strategy.prompt_depth=3"
    )
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="only tell what the run would take: time, memory, disk",
    )
    parser.add_argument("--resume", default="", metavar="RUN", help="go on with an interrupted run")
    parser.add_argument(
        "--fork", default="", metavar="RUN", help="begin with a kept epoch of another run, with --set what changes"
    )
    parser.add_argument(
        "--epoch", type=int, default=0, metavar="N", help="of --fork: after which epoch (default: the last one kept)"
    )


def make(given: argparse.Namespace) -> Tune | Estimate:
    if given.estimate:
        return _estimate(given)
    if not given.recipe and not given.resume and not given.fork:
        raise RecipeError("Nothing to tune.", hint="Give a RECIPE.yaml, --resume RUN or --fork RUN.")
    if given.epoch and not given.fork:
        raise RecipeError("--epoch belongs to --fork.", hint="Give --fork RUN too.")
    return Tune(given.recipe, given.out, list(given.set), given.resume, given.fork, given.epoch)


def _estimate(given: argparse.Namespace) -> Estimate:
    if not given.recipe:
        raise RecipeError("Nothing to estimate.", hint="Give a RECIPE.yaml.")
    path = Path(given.recipe)
    return Estimate(load_yaml(path), str(path.resolve().parent), list(given.set))


def show(result: dict[str, Any]) -> None:
    if "words" in result:
        say(f"On {result['device']}, without evaluation and early stopping. {result['words']}")
        say(f"The largest batch that goes together: {result['largest_batch']} (training.batch_size: largest).")
        return
    say(f"run         {result['run']}")
    say(f"best epoch  {result.get('best_epoch')}  validation Dice {result.get('val_dice', float('nan')):.3f}")
    scores = result.get("test")
    if scores:
        say()
        say(
            table(
                ["label", "cases", "Dice", "IoU"], [[row["label"], row["n"], row["dice"], row["iou"]] for row in scores]
            )
        )
    say()
    say(f"Next: tunevlseg export {result['run']} --out {result['run']}/model.vlseg")
