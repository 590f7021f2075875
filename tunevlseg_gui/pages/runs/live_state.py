"""What is known of a run while its events arrive; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.durations import duration
from engine.contract.events import (
    Degraded,
    EpochEnded,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Log,
    Paused,
    PreviewReady,
    Progress,
    Resumed,
)

RECENT_EPOCHS = 5


@dataclass
class LiveState:
    """`phase` is starting | running | paused | stopping | finished | failed | cancelled | interrupted."""

    phase: str = "starting"
    epoch: int = 0
    epochs: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    best: tuple[int, float] | None = None
    stage: str = ""
    done: float = 0.0
    total: float = 0.0
    seconds: list[float] = field(default_factory=list)
    previews: dict[int, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    failure: JobFailed | None = None

    @property
    def over(self) -> bool:
        return self.phase in ("finished", "failed", "cancelled", "interrupted")

    @property
    def seconds_left(self) -> float | None:
        """By the mean of the last epochs; the run may stop earlier when the Dice no longer rises."""
        recent = self.seconds[-RECENT_EPOCHS:]
        if self.over or not recent or not self.epochs:
            return None
        return sum(recent) / len(recent) * max(0, self.epochs - self.epoch)

    def take(self, event: Event) -> None:
        match event:
            case JobStarted():
                self.phase, self.failure = "running", None
            case Progress():
                self.stage, self.done, self.total = event.stage or event.unit, event.done, event.total
            case EpochEnded():
                self._epoch(event)
            case PreviewReady(path=path, epoch=epoch):
                self.previews[epoch if epoch is not None else self.epoch] = path
            case Log(message=message, level=level):
                self.log.append(message if level == "info" else f"{level}: {message}")
            case Degraded(message=message):
                self.log.append(f"adapted: {message}")
            case Paused():
                self.phase = "paused"
            case Resumed():
                self.phase = "running"
            case JobFinished():
                self.phase = "finished"
            case JobCancelled():
                self.phase = "cancelled"
            case JobFailed():
                self.phase = "interrupted" if event.error == "WorkerLost" else "failed"
                self.failure = event

    def _epoch(self, event: EpochEnded) -> None:
        if self.phase == "starting":
            self.phase = "running"
        self.epoch, self.epochs, self.metrics = event.epoch, event.epochs, event.metrics
        dice = event.metrics.get("val_dice")
        if dice is not None and (event.best or self.best is None or dice > self.best[1]):
            self.best = (event.epoch, dice)
        seconds = event.metrics.get("seconds")
        if seconds:
            self.seconds.append(seconds)


def in_words(seconds: float | None) -> str:
    """`95` → "1 min 35 s"."""
    if seconds is None:
        return "–"
    return duration(seconds)
