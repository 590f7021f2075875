"""The epochs that a run can be forked from, and its settings as they are now; read off the window's thread, no Qt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.contract.errors import InputError
from engine.runs.changes import read_changes
from engine.runs.layout import RECIPE, STATE, epoch_folder, finished_epochs
from engine.runs.writer import best_epoch
from tunevlseg_gui.translation import translate


@dataclass(frozen=True)
class KeptEpoch:
    """`changed`: settings of `training` that are no longer the recipe's after it."""

    epoch: int
    dice: float | None
    best: bool
    changed: dict[str, Any]


@dataclass(frozen=True)
class Forkable:
    """A run's recipe as plain values, and the epochs it keeps, ascending."""

    recipe: dict[str, Any]
    epochs: list[KeptEpoch]

    def values(self, group: str, kept: KeptEpoch | None) -> dict[str, Any]:
        """The settings of `data` or `training` that a fork of this epoch begins with."""
        found = dict(self.recipe.get(group) or {})
        return found | kept.changed if group == "training" and kept is not None else found


def read_forkable(run: Path) -> Forkable:
    """Raises InputError where the recipe cannot be read."""
    best = best_epoch(run)
    found = []
    for epoch in finished_epochs(run):
        try:
            state = json.loads((epoch_folder(run, epoch) / STATE).read_text(encoding="utf-8"))
            dice = dict(state["metrics"]).get("val_dice")
            found.append(KeptEpoch(epoch, dice, epoch == best, dict(state.get("set") or {})))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # put away meanwhile, or damaged
    return Forkable(read_recipe(run), found)


def settings_in_force(run: Path) -> dict[str, Any]:
    """The run's settings of `training` as they are now. Raises InputError where the recipe cannot be read."""
    values = dict(read_recipe(run).get("training") or {})
    for line in read_changes(run):
        if line.get("command") == "set":
            values[str(line.get("key", "")).removeprefix("training.")] = line.get("value")
    return values


def read_recipe(run: Path) -> dict[str, Any]:
    """A run's recipe as plain values. Raises InputError where it cannot be read."""
    # Imported here: reading YAML is not needed to open the window.
    import yaml

    from engine.runs.reader import LOADER

    try:
        found = yaml.load((run / RECIPE).read_text(encoding="utf-8"), LOADER)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            translate("KeptEpochs", "The recipe of {name} cannot be read.").format(name=run.name),
            hint=translate("KeptEpochs", "The run cannot be changed."),
        ) from error
    return found if isinstance(found, dict) else {}
