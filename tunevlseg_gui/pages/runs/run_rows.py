"""What the table shows of a run, read off the window's thread; no Qt."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.runs import layout
from engine.runs.notes import Notes, read_notes


@dataclass(frozen=True)
class RunRow:
    """`same` is a hash of the recipe but for name and seed: runs that share it are repetitions of one another."""

    folder: Path
    name: str
    strategy: str
    model: str
    data: str
    state: str
    best: float | None
    best_epoch: int | None
    test: float | None
    epochs: int
    seconds: float
    seed: int | None
    changed: float
    bundle: str = ""  # the verdict on the newest one, in short
    bundle_words: str = ""  # and in full, with the numbers
    bundle_path: Path | None = None
    notes: Notes = field(default_factory=Notes)
    same: str = ""

    @property
    def words(self) -> str:
        """What the filter looks through, in small letters."""
        parts = (self.name, self.strategy, self.model, self.data, self.state, self.notes.note, *self.notes.tags)
        return "\n".join(parts).casefold()


def run_folders(root: Path) -> list[Path]:
    """Every run directly below `root`, newest first."""
    if not root.is_dir():
        return []
    return sorted((path for path in root.iterdir() if layout.is_run(path)), key=_changed, reverse=True)


def _changed(folder: Path) -> float:
    try:
        return (folder / layout.RECIPE).stat().st_mtime
    except OSError:
        return 0.0


_LOOKED_AT = (
    "",
    layout.RECIPE,
    layout.EVENTS,
    layout.METRICS,
    layout.RESULT,
    layout.NOTES,
    layout.LOCK,
    layout.SCORES,
)


def stamp(folder: Path) -> tuple[tuple[int, int], ...]:
    """What tells whether a row is still right: sizes and times of what it is made of."""
    found = []
    for name in _LOOKED_AT:
        try:
            known = (folder / name).stat()
        except OSError:
            found.append((0, 0))
        else:
            found.append((known.st_size, known.st_mtime_ns))
    return tuple(found)


def read_row(folder: Path) -> RunRow | None:
    """The row of a run; None for a folder that is none any more."""
    # Imported here: reading YAML is not needed to open the window.
    from engine.contract.errors import EngineError
    from engine.runs.reader import Run

    try:
        run = Run.open(folder)
        changed = folder.stat().st_mtime
    except (EngineError, OSError):
        return None
    recipe = run.recipe
    return RunRow(
        folder=folder,
        name=run.name,
        strategy=str(_of(recipe, "strategy", "name")),
        model=Path(str(_of(recipe, "model", "weights"))).name,
        data=Path(str(_of(recipe, "data", "folder"))).name,
        state=run.state,
        best=run.best_dice,
        best_epoch=run.best_epoch,
        test=_test_dice(run.result),
        epochs=len(run.metrics),
        seconds=sum(row.get("seconds") or 0.0 for row in run.metrics),
        seed=recipe.get("seed") if isinstance(recipe.get("seed"), int) else None,
        changed=changed,
        **_bundle_of(folder),
        notes=read_notes(folder),
        same=sameness(recipe),
    )


def _of(recipe: dict[str, Any], group: str, key: str) -> Any:
    found = recipe.get(group)
    return found.get(key) or "" if isinstance(found, dict) else ""


def sameness(recipe: dict[str, Any]) -> str:
    """A hash of all that a recipe says but its name and seed."""
    rest = {name: value for name, value in recipe.items() if name not in ("name", "seed")}
    return sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _test_dice(result: dict[str, Any]) -> float | None:
    rows = result.get("test")
    found = rows[-1].get("dice") if isinstance(rows, list) and rows and isinstance(rows[-1], dict) else None
    return float(found) if isinstance(found, int | float) else None


def _bundle_of(run: Path) -> dict[str, Any]:
    """What is said of the run's newest bundle; nothing where it was not exported."""
    found = [*run.glob("*.vlseg"), *(path.parent for path in run.glob("*/bundle.yaml"))]
    if not found:
        return {}
    from engine.bundle.reader import Bundle
    from engine.bundle.verdict import short_verdict, verdict
    from engine.contract.errors import EngineError

    try:
        newest = max(found, key=lambda path: path.stat().st_mtime)
        manifest = Bundle.open(newest).manifest
    except (EngineError, OSError) as error:
        return {"bundle": "damaged", "bundle_words": str(error)}
    words = f"{newest.name}: {verdict(manifest)}"
    return {"bundle": short_verdict(manifest), "bundle_words": words, "bundle_path": newest}
