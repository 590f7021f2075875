"""Settings that may change while a run goes on: asked for by a command, in force from its next step on.

Each change is noted with the epoch and step where it took effect. A run that goes on from an earlier epoch meets it
there again, so that its numbers stay those of the run that was not interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from engine.config.yaml_io import build
from engine.contract.commands import Set
from engine.contract.errors import EngineError, OutOfRange, UnknownName
from engine.training.config import TrainingConfig

GROUP = "training"
ADJUSTABLE = (
    "learning_rate",
    "learning_rate_layers",
    "patience",
    "epochs",
    "min_epochs",
    "plateau_patience",
    "keep_epochs",
)
"""Settings of `training` that no step that was taken depends on."""
RATES = ("learning_rate", "learning_rate_layers")


@dataclass(frozen=True, slots=True)
class Change:
    """`name` (of `training`) has this value from a step on; epoch and step are counted from 1."""

    name: str
    value: Any
    epoch: int
    step: int

    @property
    def key(self) -> str:
        """As a recipe calls it."""
        return f"{GROUP}.{self.name}"

    def to_values(self) -> dict[str, Any]:
        """As a line of changes.jsonl."""
        place = {"epoch": self.epoch, "step": self.step}
        return {"command": "set", "key": self.key, "value": self.value, **place}


def noted_changes(lines: Iterable[dict[str, Any]]) -> list[Change]:
    """The changes among the lines of changes.jsonl."""
    found = []
    for line in lines:
        if line.get("command") == "set" and isinstance(line.get("epoch"), int) and isinstance(line.get("step"), int):
            name = str(line.get("key", "")).removeprefix(f"{GROUP}.")
            if name in ADJUSTABLE:
                found.append(Change(name, line.get("value"), line["epoch"], line["step"]))
    return found


class Adjustments:
    """What was asked for and is not in force yet, and what a run that goes on meets again.

    `tell` hears each change as it takes effect, `refuse` what cannot be; both may be called from other threads.
    `in_force`: the settings that are no longer those of the recipe, which checkpoints keep.
    """

    def __init__(
        self,
        noted: Iterable[Change] = (),
        tell: Callable[[Change], None] = lambda change: None,
        refuse: Callable[[Set, EngineError], None] = lambda command, error: None,
    ) -> None:
        self.in_force: dict[str, Any] = {}
        self._noted = list(noted)
        self._tell = tell
        self._refuse = refuse
        self._asked: list[tuple[Set, str, Any]] = []
        self._lock = threading.Lock()
        self._epoch = 0

    def ask(self, command: Set) -> None:
        """A command's wish, looked at now and in force from the next step; `refuse` hears what cannot be."""
        try:
            name, value = self._checked(command)
        except EngineError as error:
            self._refuse(command, error)
            return
        with self._lock:
            self._asked.append((command, name, value))

    def _checked(self, command: Set) -> tuple[str, Any]:
        group, _, name = str(command.key).rpartition(".")
        if group not in ("", GROUP) or name not in ADJUSTABLE:
            known = ", ".join(f"{GROUP}.{known}" for known in ADJUSTABLE)
            raise UnknownName(
                f"{command.key or 'A setting without a name'} cannot change while a run goes on.",
                hint=f"These can: {known}. Fork the run to change others.",
                field=str(command.key),
            )
        value = getattr(build(TrainingConfig, {name: command.value}, path=GROUP), name)
        if name == "epochs" and value < self._epoch:
            raise OutOfRange(
                f"{GROUP}.epochs: epoch {self._epoch} has begun (got {value}).",
                hint=f"Choose {self._epoch} or more, or stop the run and keep its best epoch.",
                field=f"{GROUP}.epochs",
            )
        return name, value

    def goes_on(self, config: TrainingConfig, epoch: int, kept: dict[str, Any]) -> TrainingConfig:
        """The settings after a finished `epoch`, where a run goes on; `kept`: as its checkpoint says.

        What was noted up to there is done with; what came later will be met again.
        """
        self._epoch = epoch
        self._noted = [change for change in self._noted if change.epoch > epoch]
        self.in_force = {name: value for name, value in kept.items() if name in ADJUSTABLE}
        return build(TrainingConfig, {**config.model_dump(), **self.in_force}, path=GROUP)

    def due(self, config: TrainingConfig, epoch: int, step: int) -> TrainingConfig | None:
        """The settings before a step where they are others than before; None where they stay."""
        self._epoch = epoch
        with self._lock:
            asked, self._asked = self._asked, []
        again = [change for change in self._noted if (change.epoch, change.step) <= (epoch, step)]
        self._noted = [change for change in self._noted if change not in again]
        new = [Change(name, value, epoch, step) for _, name, value in asked if getattr(config, name) != value]
        values = {change.name: change.value for change in [*again, *new]}
        if not values:
            return None
        self.in_force |= values
        changed = build(TrainingConfig, {**config.model_dump(), **values}, path=GROUP)
        for change in new:
            self._tell(change)
        return changed
