"""What a list of runs shows of each: a few values of its recipe, its numbers, and what was noted of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.contract.errors import InputError
from engine.runs import layout
from engine.runs.notes import read_notes
from engine.runs.reader import Run
from engine.runs.writer import best_epoch


def run_folders(root: Path) -> list[Path]:
    """Every run directly below `root`, newest first."""
    if not root.is_dir():
        return []
    return sorted((path for path in root.iterdir() if layout.is_run(path)), key=stamp, reverse=True)


def stamp(folder: Path) -> int:
    """When a file of the folder itself came, went or was replaced, in nanoseconds: all that a run's files do but
    while it runs, since they are written whole. 0 for a folder that is gone."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def overview(folder: Path) -> dict[str, Any] | None:
    """Plain values; None for a folder that is no run. `data` and `model` are names without their paths."""
    now = stamp(folder)  # before reading: what changes meanwhile is read again next time
    try:
        run = Run.open(folder)
    except InputError:
        return None
    recipe, notes = run.recipe, read_notes(folder)
    seed = recipe.get("seed")
    return {
        "folder": str(folder),
        "stamp": now,
        "name": run.name,
        "strategy": str(_of(recipe, "strategy", "name")),
        "model": Path(str(_of(recipe, "model", "weights"))).name,
        "data": Path(str(_of(recipe, "data", "folder"))).name,
        "state": run.state,
        "best": run.best_dice,
        "best_epoch": run.best_epoch,
        "test": _test_dice(run.result),
        "epochs": len(run.metrics),
        "seconds": run.seconds,
        "seed": seed if isinstance(seed, int) else None,
        "changed": now / 1e9,
        "note": notes.note,
        "star": notes.star,
        "tags": list(notes.tags),
        "same": sameness(recipe),
        "phrase": phrase_verdict(folder),
    }


def _of(recipe: Mapping[str, Any], group: str, key: str) -> Any:
    found = recipe.get(group)
    return (found.get(key) or "") if isinstance(found, dict) else ""


def sameness(recipe: Mapping[str, Any]) -> str:
    """A hash of all that a recipe says but its name and seed: runs that share it repeat one another."""
    rest = {name: value for name, value in recipe.items() if name not in ("name", "seed")}
    return sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()[:16]


def phrase_verdict(folder: Path) -> str:
    """Whether the phrase matters, as it was found for these weights: yes | weakly | no | unclear; else empty."""
    try:
        found = json.loads((folder / layout.PHRASE).read_text(encoding="utf-8"))
        return str(found["verdict"]) if found["best_epoch"] == best_epoch(folder) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _test_dice(result: Mapping[str, Any]) -> float | None:
    rows = result.get("test")
    found = rows[-1].get("dice") if isinstance(rows, list) and rows and isinstance(rows[-1], dict) else None
    return float(found) if isinstance(found, int | float) else None
