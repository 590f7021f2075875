"""How far a run has come, how it ended, and where its results go."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class RunSink(Protocol):
    """Where a run's results go."""

    def row(self, metrics: dict[str, float]) -> None: ...

    def epoch(self, epoch: int, write: Callable[[Path], None], *, best: bool, keep: int) -> None: ...

    def preview(self, epoch: int, picture: NDArray[np.uint8]) -> Path: ...

    def adapted(self, plan: dict[str, Any], changes: dict[str, Any]) -> None:
        """Memory ran out: how the run computes now, and what of it is new."""


@dataclass
class Progress:
    """The counters of a run, which a checkpoint carries along."""

    epoch: int = 0
    best_epoch: int = 0
    best_dice: float = -math.inf
    lowest_loss: float = math.inf
    stalled: int = 0

    def after(self, epoch: int, val_dice: float, val_loss: float, min_delta: float) -> bool:
        """Counts an epoch; True where it is the best by validation Dice so far.

        As in Lightning's EarlyStopping, a loss is better that lies `min_delta` below the last one that counted as
        better: a slow fall adds up, and is no stall.
        """
        self.epoch = epoch
        if val_loss < self.lowest_loss - min_delta:
            self.lowest_loss, self.stalled = val_loss, 0
        else:
            self.stalled += 1
        better = val_dice > self.best_dice
        if better:
            self.best_dice, self.best_epoch = val_dice, epoch
        return better

    def to_values(self) -> dict[str, Any]:
        return {
            name: None if isinstance(value, float) and math.isinf(value) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Progress:
        fresh = cls()
        known = {name: values[name] for name in vars(fresh) if values.get(name) is not None}
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a run ended."""

    best_epoch: int
    best_dice: float
    epochs: int
    ended: str  # epochs | early | stopped
