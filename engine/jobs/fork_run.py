"""A new run that begins with a kept epoch of another one and goes on with other settings; both share their first part.

The new folder holds what a run would hold that was interrupted after that epoch, so that going on with it is resuming
it. `parent.json` says which rows are inherited, and what was changed.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, OutOfRange, RecipeError
from engine.contract.jobs import ForkRun
from engine.contract.whole_file import told, write_text
from engine.runs import layout
from engine.runs.changes import add_change
from engine.runs.environment import environment
from engine.runs.folders import run_folder_for
from engine.runs.writer import read_metrics

if TYPE_CHECKING:
    from engine.recipe import Recipe

IMAGES = ("augment", "flip_horizontal", "flip_vertical", "rotate", "absent_labels")
"""Settings of `data` that only say how training images are changed and which pairs count."""
COMPUTING = (
    "batch_size", "images_at_once", "device", "precision", "compile", "threads", "keep_features", "feature_place",
    "feature_numbers", "attention", "checkpointing",
)  # fmt: skip
"""Settings of `training` that the way of computing was settled by: it is settled anew where one of them changes."""
STOPPING = ("epochs", "min_epochs", "patience", "min_delta", "keep_epochs", "previews", "surface_tolerance")
"""Settings of `training` that change nothing of what is learnt in an epoch."""
LOSS = ("dice_weight", "ce_weight")


def run(job: ForkRun, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises InputError, RecipeError (with `field`) for a setting that a fork may not change, WeightsMissing,
    DiskFull."""
    out = Path(job.out) if job.out else None
    return fork(Path(job.run), job.epoch, list(job.overrides), out, only_check=job.only_check)


@dataclass(frozen=True)
class Branch:
    """Where a fork leaves its parent: `state` is that of the checkpoint, `changes` setting → (before, after)."""

    parent: Path
    epoch: int
    state: dict[str, Any]
    recipe: Recipe
    changes: dict[str, tuple[Any, Any]]

    def changed(self, group: str, names: tuple[str, ...]) -> bool:
        return any(f"{group}.{name}" in self.changes for name in names)


def fork(
    run: Path, epoch: int, overrides: list[str], out: Path | None = None, *, only_check: bool = False
) -> dict[str, Any]:
    """`{"run", "epoch", "changes"}`; see ForkRun."""
    branch = _branch(run, epoch, overrides)
    folder = (out or run_folder_for(branch.recipe.name)).absolute()
    if not only_check:
        _write(branch, folder)
    return {
        "run": str(folder),
        "epoch": branch.epoch,
        "changes": {key: list(pair) for key, pair in branch.changes.items()},
    }


def _branch(run: Path, epoch: int, overrides: list[str]) -> Branch:
    from engine.config.yaml_io import apply_overrides, load_yaml
    from engine.recipe import make_recipe

    if not layout.is_run(run):
        raise InputError(f"{run} is not a run.", hint="Give the folder of a run to fork.")
    kept = layout.finished_epochs(run)
    if not kept:
        raise InputError(f"{run.name} has no finished epoch yet.", hint="Wait for its first epoch, or start a new run.")
    epoch = epoch or kept[-1]
    if epoch not in kept:
        raise OutOfRange(
            f"Epoch {epoch} of {run.name} is not kept.",
            hint=f"Kept: {', '.join(map(str, kept))}. training.keep_epochs says how many a run keeps.",
            field="epoch",
        )
    state = _state(run, epoch)
    values = load_yaml(run / layout.RECIPE)
    # What was changed while the parent ran belongs to it as much as its recipe does.
    values = {**values, "training": {**values.get("training", {}), **state.get("set", {})}}
    named = {**values, "name": _name(str(values.get("name") or run.name), epoch)}
    before, after = make_recipe(values), make_recipe(apply_overrides(named, overrides))
    changes = _differences(before, after)
    branch = Branch(run, epoch, state, after, changes)
    _refuse_the_end(branch)
    return branch


def _state(run: Path, epoch: int) -> dict[str, Any]:
    path = layout.epoch_folder(run, epoch) / layout.STATE
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        known = isinstance(state["progress"], dict) and isinstance(state["schedule"], dict)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"Epoch {epoch} of {run.name} is damaged.", hint="Choose another epoch.") from error
    if not known or not state.get("whole", True):
        raise InputError(f"Epoch {epoch} of {run.name} was cut short.", hint="Resume the run, or start a new one.")
    if not state["schedule"]:
        raise InputError(f"Nothing learns in {run.name}.", hint="Start a new run with another strategy.")
    return dict(state)


def _name(name: str, epoch: int) -> str:
    """The parent's, and where the fork left it; a fork of a fork does not grow longer and longer."""
    plain = re.sub(r" \(fork at \d+\)$", "", name)
    return f"{plain[:60]} (fork at {epoch})"


def _differences(before: Recipe, after: Recipe) -> dict[str, tuple[Any, Any]]:
    """Setting → (before, after); raises RecipeError for one that may not change."""
    old, new = _flat(before.to_values()), _flat(after.to_values())
    found = {key: (old.get(key), new.get(key)) for key in [*old, *new] if old.get(key) != new.get(key)}
    for key in found:
        reason = _reason_against(key)
        if reason:
            raise RecipeError(
                f"{key} cannot change in a fork: {reason}.", hint="Leave it as it was, or start a new run.", field=key
            )
    return {key: pair for key, pair in found.items() if key != "name"}


def _flat(values: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{path}.{name}" if path else name
        found |= _flat(value, key) if isinstance(value, dict) and value else {key: value}
    return found


def _reason_against(key: str) -> str:
    group, _, name = key.partition(".")
    if key == "name" or (group == "training" and name != "start_from") or (group == "data" and name in IMAGES):
        return ""
    return {
        "seed": "it decides the splits and every random number",
        "data": "both runs are to be scored on the same images",
        "model": "what was learned belongs to these base weights",
        "strategy": "what was learned has the shape that it gave",
        "training": "the fork begins with what its parent had learned",
    }.get(group, "it is not a setting of tuning")


def _refuse_the_end(branch: Branch) -> None:
    training = branch.recipe.training
    if training.epochs <= branch.epoch:
        raise OutOfRange(
            f"training.epochs: {training.epochs} are over after epoch {branch.epoch}.",
            hint=f"Choose at least {branch.epoch + 1}, or an earlier epoch.",
            field="training.epochs",
        )
    stalled = _progress(branch).get("stalled") or 0
    if stalled >= training.patience and branch.epoch >= training.min_epochs:
        raise OutOfRange(
            f"training.patience: the validation loss has not fallen for {stalled} epochs, which ends the run at once.",
            hint=f"Choose more than {stalled}, or change how it learns.",
            field="training.patience",
        )


def _progress(branch: Branch) -> dict[str, Any]:
    """The run's counters as the fork begins with them."""
    progress = dict(branch.state["progress"])
    learns_otherwise = [
        key
        for key in branch.changes
        if key.partition(".")[2] not in (*STOPPING, *COMPUTING) or key.endswith("batch_size")
    ]
    if learns_otherwise:
        progress["stalled"] = 0  # patience begins anew with what is tried now
    if branch.changed("training", LOSS):
        progress["lowest_loss"] = None  # losses of other weights cannot be compared
    return progress


def _schedule(branch: Branch) -> dict[str, Any]:
    schedule = dict(branch.state["schedule"])
    if branch.changed("training", ("learning_rate", "learning_rate_layers", "schedule")):
        schedule |= {"factor": 1.0, "bad_epochs": 0}  # a new rate counts as it is
    if branch.changed("training", LOSS):
        schedule |= {"best": None, "bad_epochs": 0}
    return schedule


def _write(branch: Branch, folder: Path) -> None:
    """The new run folder: made beside its place and moved there, its recipe last, so that it is a run or none."""
    if (folder / layout.RECIPE).exists():
        raise InputError(f"{folder} already holds a run.", hint="Choose another folder.")
    beside = folder.with_name(f".writing-{folder.name}")
    with told(folder):
        shutil.rmtree(beside, ignore_errors=True)
        try:
            _fill(branch, beside)
            folder.mkdir(parents=True, exist_ok=True)
            for part in sorted(beside.iterdir(), key=lambda found: found.name == layout.RECIPE):
                if (folder / part.name).is_dir():
                    shutil.rmtree(folder / part.name)
                part.replace(folder / part.name)
        except FileNotFoundError as error:
            raise InputError(
                f"Epoch {branch.epoch} of {branch.parent.name} was put away meanwhile.", hint="Choose a later epoch."
            ) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _fill(branch: Branch, place: Path) -> None:
    best = _copy_epochs(branch, place)
    write_text(place / layout.METRICS, _first_rows(branch.parent, branch.epoch))
    (place / layout.PREVIEWS).mkdir(exist_ok=True)
    for epoch, picture in layout.previews(branch.parent).items():
        if epoch <= branch.epoch:
            shutil.copyfile(picture, place / layout.PREVIEWS / picture.name)
    if (branch.parent / layout.LABELS).is_file():
        shutil.copyfile(branch.parent / layout.LABELS, place / layout.LABELS)
    changes = {key: list(pair) for key, pair in branch.changes.items()}
    origin = {"run": branch.parent.name, "epoch": branch.epoch, "changes": changes}
    inherited = [int(row["epoch"]) for row in read_metrics(place)]
    parent = {**origin, "folder": str(branch.parent.absolute()), "inherited_epochs": inherited, "best_epoch": best}
    write_text(place / layout.PARENT, json.dumps(parent, indent=1, ensure_ascii=False))
    write_text(place / layout.ENVIRONMENT, json.dumps(_environment(branch, origin), indent=2, ensure_ascii=False))
    add_change(place, {"change": "forked", **origin})
    write_text(place / layout.RECIPE, branch.recipe.to_yaml())


def _copy_epochs(branch: Branch, place: Path) -> int:
    """The forked epoch, and the best one up to there where the parent still has it; returns which counts as best."""
    progress = _progress(branch)
    best = int(progress.get("best_epoch") or 0)
    wanted = layout.epoch_folder(branch.parent, best)
    if not (wanted / layout.LEARNER).is_file():
        # Put away since: the best that can be given is the epoch that the fork begins with.
        best = branch.epoch
        progress |= {"best_epoch": best, "best_dice": branch.state["metrics"].get("val_dice", -math.inf)}
    for epoch in {branch.epoch, best}:
        shutil.copytree(layout.epoch_folder(branch.parent, epoch), layout.epoch_folder(place, epoch))
    shutil.copyfile(layout.epoch_folder(place, best) / layout.LEARNER, place / layout.BEST)
    write_text(place / layout.EPOCHS / "best", str(best))
    # Its recipe holds what was changed while the parent ran.
    state = {**branch.state, "progress": progress, "schedule": _schedule(branch), "set": {}}
    write_text(layout.epoch_folder(place, branch.epoch) / layout.STATE, json.dumps(state, indent=1))
    return best


def _first_rows(run: Path, epoch: int) -> str:
    """metrics.csv up to an epoch, word for word."""
    head, *rows = (run / layout.METRICS).read_text(encoding="utf-8").splitlines()
    return "\n".join([head, *(row for row in rows if row and int(row.split(",")[0]) <= epoch)]) + "\n"


def _environment(branch: Branch, origin: dict[str, Any]) -> dict[str, Any]:
    """How it computes is taken over, unless what that was settled by has changed."""
    try:
        known = json.loads((branch.parent / layout.ENVIRONMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    kept = {} if branch.changed("training", COMPUTING) else {"plan": known.get("plan")}
    return {**environment(str(known.get("device", ""))), **kept, "parent": origin}
