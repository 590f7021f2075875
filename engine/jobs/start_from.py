"""The learned weights that a run begins with, where its recipe names another run."""

from __future__ import annotations

from pathlib import Path

from engine.contract.errors import InputError
from engine.recipe import Recipe, read_recipe
from engine.runs import layout
from engine.runs.reader import read_labels


def first_weights(recipe: Recipe, labels: list[str]) -> Path | None:
    """The best.safetensors of `training.start_from`; None where the learner is drawn from the seed.

    Raises InputError where that is no finished run, or one whose learner is another than this recipe's. Shapes are
    compared as the weights are read.
    """
    if not recipe.training.start_from:
        return None
    run = Path(recipe.training.start_from)
    best = run / layout.BEST
    if not layout.is_run(run) or not best.is_file():
        raise InputError(
            f"{run} is not a run with a best epoch.",
            hint="Give the folder of a run that ended, or leave training.start_from empty.",
            field="training.start_from",
        )
    other = read_recipe(run / layout.RECIPE)
    differs = [
        f"{what} {theirs} (here {ours})"
        for what, theirs, ours in (
            ("the strategy", other.strategy_name, recipe.strategy_name),
            ("the model", other.model.name, recipe.model.name),
            ("the base weights", other.weights().sha256[:12], recipe.weights().sha256[:12]),
        )
        if theirs != ours
    ]
    if getattr(recipe.strategy, "per_label", False):
        known = [str(label.get("name")) for label in read_labels(run).get("labels", ())]
        if known != labels:
            differs.append(f"the labels {', '.join(known)} (here {', '.join(labels)})")
    if differs:
        raise InputError(
            f"{run.name} cannot be started from: it has {', '.join(differs)}.",
            hint="Choose the same, or leave training.start_from empty.",
            field="training.start_from",
        )
    return best
