"""What is known of a run while its events arrive; no Qt."""

from __future__ import annotations

from collections import deque
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
    RunForked,
    SettingChanged,
    SettingRefused,
)
from tunevlseg_gui.translation import translate

RECENT_EPOCHS = 5
OVER = ("finished", "failed", "cancelled", "interrupted")


@dataclass
class LiveState:
    """`phase` is waiting | starting | running | paused | stopping | finished | failed | cancelled | interrupted."""

    phase: str = "starting"
    epoch: int = 0
    epochs: int = 0
    first_epoch: int = 0  # the first one that was told; those before it are another run's, or were told to nobody
    metrics: dict[str, float] = field(default_factory=dict)
    best: tuple[int, float] | None = None
    patience_left: int | None = None
    device: str = ""
    images_per_second: float | None = None
    memory: int | None = None
    stage: str = ""
    done: float = 0.0
    total: float = 0.0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_EPOCHS))
    estimate: float | None = None  # seconds of the whole run, as reckoned at its start
    previews: dict[int, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    settings: dict[str, object] = field(default_factory=dict)  # what was changed while it ran
    failure: JobFailed | None = None

    @property
    def over(self) -> bool:
        return self.phase in OVER

    @property
    def waiting(self) -> bool:
        """Its turn has not come yet."""
        return self.phase == "waiting"

    @property
    def seconds_left(self) -> float | None:
        """By the mean of the last epochs, before the first one by what was reckoned; the run may stop earlier when the
        Dice no longer rises."""
        if self.over:
            return None
        if not self.seconds or not self.epochs:
            return self.estimate
        return sum(self.seconds) / len(self.seconds) * max(0, self.epochs - self.epoch)

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
                self.log.append(translate("LiveState", "adapted: {message}").format(message=message))
            case SettingChanged(key=key, value=value, epoch=epoch, step=step):
                self.settings[key] = value
                self.log.append(
                    translate("LiveState", "{key} is {value} from epoch {epoch}, step {step} on").format(
                        key=key, value=value, epoch=epoch, step=step
                    )
                )
            case SettingRefused(message=message, hint=hint):
                self.log.append(
                    translate("LiveState", "refused: {message} {hint}").format(message=message, hint=hint).rstrip()
                )
            case RunForked(run=run, epoch=epoch):
                self.log.append(translate("LiveState", "forked from epoch {epoch}: {run}").format(epoch=epoch, run=run))
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

    def take_row(self, row: dict[str, float]) -> None:
        """An epoch as metrics.csv has it, where no event told of it."""
        self.epoch, self.metrics = int(row["epoch"]), row
        self.epochs = max(self.epoch, self.epochs)
        dice = row.get("val_dice")
        if dice is not None and (self.best is None or dice > self.best[1]):
            self.best = (self.epoch, dice)

    def _epoch(self, event: EpochEnded) -> None:
        if self.phase in ("starting", "waiting"):
            self.phase = "running"
        if not self.first_epoch or event.epoch < self.first_epoch:
            self.first_epoch = event.epoch
        self.epoch, self.epochs, self.metrics = event.epoch, event.epochs, event.metrics
        dice = event.metrics.get("val_dice")
        if dice is not None and (event.best or self.best is None or dice > self.best[1]):
            self.best = (event.epoch, dice)
        seconds = event.metrics.get("seconds")
        if seconds:
            self.seconds.append(seconds)
        self.patience_left, self.memory = event.patience_left, event.memory
        self.images_per_second = event.images_per_second
        self.device = event.device or self.device


def in_words(seconds: float | None) -> str:
    """`95` → "1 min 35 s"."""
    if seconds is None:
        return "–"
    return duration(seconds)
