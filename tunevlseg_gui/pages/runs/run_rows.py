"""What the table shows of a run; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.runs.notes import Notes


@dataclass(frozen=True)
class RunRow:
    """`same` is a hash of the recipe but for name and seed: runs that share it are repetitions of one another."""

    folder: Path
    name: str
    strategy: str = ""
    model: str = ""
    data: str = ""
    state: str = "new"
    best: float | None = None
    best_epoch: int | None = None
    test: float | None = None
    epochs: int = 0
    seconds: float = 0.0
    seed: int | None = None
    changed: float = 0.0
    bundle: str = ""  # the verdict on the newest one, in short
    bundle_words: str = ""  # and in full, with the numbers
    bundle_path: Path | None = None
    notes: Notes = field(default_factory=Notes)
    same: str = ""
    phrase: str = ""  # whether the phrase matters: yes | weakly | no | unclear; empty: not looked at
    stamp: int = 0

    @classmethod
    def of(cls, told: dict[str, Any]) -> RunRow:
        """From a row of ListRuns."""
        said = Notes(str(told.get("note") or ""), bool(told.get("star")), tuple(told.get("tags") or ()))
        bundle = told.get("bundle_path")
        plain = {name: told[name] for name in _PLAIN if name in told}
        return cls(Path(told["folder"]), notes=said, bundle_path=Path(bundle) if bundle else None, **plain)

    @cached_property
    def key(self) -> str:
        """The folder as text: thousands of paths are slow to compare."""
        return str(self.folder)

    @cached_property
    def words(self) -> str:
        """What the filter looks through, in small letters."""
        parts = (self.name, self.strategy, self.model, self.data, self.state, self.notes.note, *self.notes.tags)
        return "\n".join(parts).casefold()


_PLAIN = tuple(name for name in RunRow.__dataclass_fields__ if name not in ("folder", "notes", "bundle_path"))
