"""Reads run folders: state, metrics, events; never writes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from engine.contract import wire
from engine.contract.errors import InputError, RecipeError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.runs import layout
from engine.runs.lock import holder
from engine.runs.queue import read_queue
from engine.runs.writer import best_epoch, read_metrics

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""As safe as `yaml.safe_load`; in C, where PyYAML has it, a recipe takes half a millisecond instead of seven."""

_LARGEST_HEAD = 100_000_000
"""Bytes; safetensors itself takes no larger one, and in a damaged file the size may be anything."""

State = Literal["waiting", "running", "finished", "failed", "cancelled", "interrupted", "new"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder, read as it was when it was opened."""

    folder: Path
    recipe: dict[str, Any]
    state: State
    metrics: list[dict[str, float]]
    best_epoch: int | None
    result: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Raises InputError for a folder that holds no run."""
        try:
            recipe = yaml.load((folder / layout.RECIPE).read_text(encoding="utf-8"), Loader=LOADER)
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise InputError(
                f"{folder} is not a run: its recipe cannot be read.", hint="Choose a folder made by a tuning run."
            ) from error
        if not isinstance(recipe, dict):
            raise InputError(f"{folder} is not a run: its recipe is empty.")
        return cls(folder, recipe, state(folder), _metrics(folder), best_epoch(folder), _result(folder))

    @property
    def name(self) -> str:
        return str(self.recipe.get("name") or self.folder.name)

    @property
    def seconds(self) -> float:
        """Of all its epochs; one whose row does not say counts for nothing."""
        return sum(value for row in self.metrics if math.isfinite(value := row.get("seconds", 0.0)))

    @property
    def best_dice(self) -> float | None:
        """Highest validation Dice so far."""
        known = [row["val_dice"] for row in self.metrics if row.get("val_dice") == row.get("val_dice")]
        return max(known, default=None)


def _metrics(folder: Path) -> list[dict[str, float]]:
    try:
        return read_metrics(folder)
    except (OSError, ValueError):
        return []


def _result(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / layout.RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def state(folder: Path) -> State:
    """Running while a living worker holds it; waiting in the queue; else how its last job ended; interrupted when it
    did not say."""
    known = holder(folder)
    if known is not None and known.alive:
        return "running"
    if folder.absolute() in read_queue().waiting:
        return "waiting"
    last = last_event(folder)
    match last:
        case JobFinished():
            return "finished"
        case JobFailed():
            return "failed"
        case JobCancelled():
            return "cancelled"
        case None:
            return "new"
        case _:
            return "interrupted"


def last_event(folder: Path) -> Event | None:
    """The last readable event of the run."""
    try:
        with (folder / layout.EVENTS).open("rb") as lines:
            size = lines.seek(0, 2)
            lines.seek(max(0, size - 65536))
            tail = lines.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in reversed(tail):
        try:
            return wire.event_from_line(line)
        except RecipeError:
            continue
    return None


def list_runs(root: Path) -> list[Run]:
    """Every run directly below `root`, newest first; a folder that cannot be read is passed over."""
    if not root.is_dir():
        return []
    folders = sorted((path for path in root.iterdir() if layout.is_run(path)), key=_changed, reverse=True)
    found = []
    for folder in folders:
        try:
            found.append(Run.open(folder))
        except InputError:
            continue
    return found


def _changed(folder: Path) -> float:
    try:
        return (folder / layout.RECIPE).stat().st_mtime
    except OSError:
        return 0.0


def read_labels(folder: Path) -> dict[str, Any]:
    """What labels.json says: `labels` (value, name, phrase, colour …, in the order of tuning) and `splits_sha256`.

    Empty for a run that has not come so far.
    """
    try:
        found = json.loads((folder / layout.LABELS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def learned_numbers(folder: Path) -> int:
    """How many numbers a run learned, from the head of best.safetensors; 0 where there is none that can be read."""
    try:
        with (folder / layout.BEST).open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            head = json.loads(file.read(size)) if size <= _LARGEST_HEAD else {}
        return sum(math.prod(found["shape"]) for name, found in head.items() if name != "__metadata__")
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return 0
