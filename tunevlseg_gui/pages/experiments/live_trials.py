"""What a study's worker tells while it runs: trials at work with their epochs, and its phase; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.contract.events import (
    EpochEnded,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Log,
    Progress,
    TrialEnded,
    TrialStarted,
)

MOST_LINES = 200


@dataclass
class RunningTrial:
    number: int
    params: Mapping[str, Any]
    run: str = ""
    epoch: int = 0
    epochs: int = 0
    dice: list[float] = field(default_factory=list)


@dataclass
class LiveTrials:
    """`phase` none | running | finished | cancelled | failed. Epochs belong to the trial that began last: a worker does
    one at a time."""

    phase: str = "none"
    stage: str = ""
    running: dict[int, RunningTrial] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _last: int = -1

    def take(self, event: Event) -> bool:
        """Whether the study is to be read anew."""
        match event:
            case JobStarted():
                self.phase, self.running = "running", {}
            case TrialStarted(number=number, params=params, run=run):
                self.running[number] = RunningTrial(number, params, run)
                self._last = number
                return True
            case EpochEnded(epoch=epoch, epochs=epochs, metrics=metrics):
                known = self.running.get(self._last)
                if known is not None:
                    known.epoch, known.epochs = epoch, epochs
                    known.dice.append(float(metrics.get("val_dice", float("nan"))))
            case TrialEnded(number=number):
                self.running.pop(number, None)
                return True
            case Log(message=message, level=level):
                self.stage = message
                self.lines = [*self.lines, message if level == "info" else f"{level}: {message}"][-MOST_LINES:]
                return level == "info"  # what was told to it, among others
            case Progress(done=done, total=total, stage=stage, unit=unit):
                self.stage = f"{stage}: {done:.0f} of {total:.0f} {unit}"
            case JobFinished() | JobCancelled() | JobFailed():
                self.running = {}
                self.phase = {JobFinished: "finished", JobCancelled: "cancelled"}.get(type(event), "failed")
                return True
        return False
