"""The loop: trains, validates, tells, keeps the best, obeys the cancel token; nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import EngineError
from engine.contract.events import EpochEnded, Log, PreviewReady
from engine.data.loader import Loader
from engine.models.base import TextFeatures
from engine.strategies.tuned_model import TunedModel
from engine.training.checkpoint import (
    Checkpoint,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)
from engine.training.config import TrainingConfig
from engine.training.device import memory_told
from engine.training.features import ImageSource
from engine.training.losses import dice_ce, pair_counts
from engine.training.metrics import SplitMetrics
from engine.training.optimiser import Schedule, parameter_groups
from engine.training.preview import preview


class RunSink(Protocol):
    """Where a run's results go."""

    def row(self, metrics: dict[str, float]) -> None: ...

    def epoch(self, epoch: int, write: Callable[[Path], None], *, best: bool, keep: int) -> None: ...

    def preview(self, epoch: int, picture: NDArray[np.uint8]) -> Path: ...


@dataclass(frozen=True, slots=True)
class Phrases:
    """One phrase per label: `ids` and `mask` (L, T), the labels' names and colours."""

    ids: Tensor
    mask: Tensor
    names: list[str]
    colours: list[str]

    def to(self, device: torch.device) -> Phrases:
        return Phrases(self.ids.to(device), self.mask.to(device), self.names, self.colours)


@dataclass
class Progress:
    """The counters of a run, which a checkpoint carries along."""

    epoch: int = 0
    best_epoch: int = 0
    best_dice: float = -math.inf
    lowest_loss: float = math.inf
    stalled: int = 0

    def after(self, epoch: int, val_dice: float, val_loss: float, min_delta: float) -> bool:
        """Counts an epoch; True where it is the best by validation Dice so far."""
        self.epoch = epoch
        self.stalled = 0 if val_loss < self.lowest_loss - min_delta else self.stalled + 1
        self.lowest_loss = min(self.lowest_loss, val_loss)
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


@dataclass
class Trainer:
    """One run. `model` and `phrases` lie on `device`; `seed` decides every random number together with the epoch."""

    model: TunedModel
    phrases: Phrases
    train: Loader
    val: Loader
    config: TrainingConfig
    seed: int
    device: torch.device
    sink: RunSink
    emit: Emit
    cancel: CancelToken
    job_id: str
    _text: TextFeatures | None = field(default=None, init=False)

    def fit(self, resume: Checkpoint | None = None) -> Fitted:
        """Tunes to the end, or on from `resume`. Raises Cancelled, OutOfMemory, and EngineError for a loss of NaN."""
        epochs = self.config.epochs if self.model.learned() else 1
        groups = parameter_groups(self.model, self.config)
        optimiser = torch.optim.AdamW(groups) if groups else None
        schedule = Schedule(optimiser, self.config, epochs * len(self.train)) if optimiser else None
        progress = Progress()
        if resume is not None:
            progress = self._go_on(resume, optimiser, schedule)
        with memory_told("training.batch_size"):
            sources = self._sources()
            for epoch in range(progress.epoch + 1, epochs + 1):
                began = time.monotonic()
                torch.manual_seed(self.seed * 100_003 + epoch)
                whole, metrics = self._train_epoch(epoch, epochs, sources[0], optimiser, schedule)
                if not whole and progress.epoch > 0:
                    return Fitted(progress.best_epoch, progress.best_dice, progress.epoch, "stopped")
                metrics |= self._validate(epoch, epochs, sources[1])
                self._refuse_nonsense(epoch, metrics)
                if schedule:
                    schedule.epoch_ended(metrics["val_loss"])
                best = progress.after(epoch, metrics["val_dice"], metrics["val_loss"], self.config.min_delta)
                metrics["learning_rate"] = schedule.rate if schedule else 0.0
                metrics["seconds"] = time.monotonic() - began
                self._keep(epoch, epochs, metrics, best, progress, optimiser, schedule)
                if self.cancel.wants_stop_keep_best:
                    return Fitted(progress.best_epoch, progress.best_dice, epoch, "stopped")
                if progress.stalled >= self.config.patience and epoch >= self.config.min_epochs:
                    self.emit(
                        Log(self.job_id, f"The validation loss has not fallen for {progress.stalled} epochs: done.")
                    )
                    return Fitted(progress.best_epoch, progress.best_dice, epoch, "early")
        return Fitted(progress.best_epoch, progress.best_dice, progress.epoch, "epochs")

    def _go_on(
        self, resume: Checkpoint, optimiser: torch.optim.Optimizer | None, schedule: Schedule | None
    ) -> Progress:
        self.model.load_learner_state(resume.learner)
        if optimiser is not None and schedule is not None:
            load_optimiser(optimiser, resume.optimiser)
            schedule.load(resume.state["schedule"])
        return Progress.from_values(resume.state["progress"])

    def _sources(self) -> tuple[ImageSource, ImageSource]:
        keep = self.config.keep_features
        sources = (
            ImageSource(self.model, self.train, self.device, keep=keep and bool(self.model.learned())),
            ImageSource(self.model, self.val, self.device, keep=keep and self.config.epochs > 1),
        )
        self.model.eval()
        for source, stage in zip(sources, ("encoding training images", "encoding validation images"), strict=True):
            source.prepare(self.emit, self.cancel, self.job_id, stage)
        return sources

    def _phrases(self) -> TextFeatures:
        if self._text is not None:
            return self._text
        if not self.model.text_is_fixed:
            return self.model.encode_phrases(self.phrases.ids, self.phrases.mask)
        with torch.no_grad():
            self._text = self.model.encode_phrases(self.phrases.ids, self.phrases.mask)
        return self._text

    def _train_epoch(
        self,
        epoch: int,
        epochs: int,
        source: ImageSource,
        optimiser: torch.optim.Optimizer | None,
        schedule: Schedule | None,
    ) -> tuple[bool, dict[str, float]]:
        """Whether the epoch went to its end, and its training metrics."""
        metrics = {"epoch": float(epoch), "train_loss": math.nan, "train_dice": math.nan}
        if optimiser is None or schedule is None:
            return True, metrics
        self.model.train()
        collected = SplitMetrics(self.phrases.names)
        learned = list(self.model.learned().values())
        ticker = Ticker(self.emit, self.job_id, len(self.train), "steps", f"epoch {epoch}/{epochs}: tuning")
        for batch in self.train.epoch(epoch, self.device):
            self.cancel.check()
            if self.cancel.wants_stop_keep_best and ticker.done:
                break
            schedule.before_step()
            logits = self.model.ask(source.features(batch), self._phrases())
            loss = dice_ce(logits, batch.masks, batch.present, self.config.dice_weight, self.config.ce_weight)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            if self.config.grad_clip:
                nn.utils.clip_grad_norm_(learned, self.config.grad_clip)
            optimiser.step()
            collected.add(pair_counts(logits.detach(), batch.masks), batch.present, loss)
            ticker.step()
        found = collected.values("train")
        metrics |= {name: found[name] for name in ("train_loss", "train_dice")}
        return ticker.done >= len(self.train), metrics

    @torch.no_grad()
    def _validate(self, epoch: int, epochs: int, source: ImageSource) -> dict[str, float]:
        self.model.eval()
        collected = SplitMetrics(self.phrases.names)
        text = self._phrases()
        ticker = Ticker(self.emit, self.job_id, len(self.val), "steps", f"epoch {epoch}/{epochs}: validating")
        shown = self._shown()
        for batch in self.val.epoch(epoch, self.device):
            self.cancel.check()
            logits = self.model.ask(source.features(batch), text)
            loss = dice_ce(logits, batch.masks, batch.present, self.config.dice_weight, self.config.ce_weight)
            collected.add(pair_counts(logits, batch.masks), batch.present, loss)
            here = (batch.positions == shown).nonzero()
            if self.config.previews and len(here):
                self._preview(epoch, shown, logits[int(here[0])])
            ticker.step()
        return collected.values("val")

    def _shown(self) -> int:
        """The validation image with most of its labels in sight: the one worth looking at."""
        masks = self.val.dataset.masks
        seen = masks.any(axis=(2, 3)).sum(axis=1) * masks[0].size + masks.sum(axis=(1, 2, 3), dtype=np.int64)
        return int(seen.argmax())

    def _preview(self, epoch: int, position: int, logits: Tensor) -> None:
        sample = self.val.dataset[position]
        answer = (logits.sigmoid() >= 0.5).cpu().numpy()
        path = self.sink.preview(epoch, preview(sample.image, sample.masks, answer, self.phrases.colours))
        self.emit(PreviewReady(self.job_id, str(path), epoch))

    def _refuse_nonsense(self, epoch: int, metrics: dict[str, float]) -> None:
        bad = [name for name in ("train_loss", "val_loss") if not math.isfinite(metrics[name])]
        if bad and self.model.learned():
            raise EngineError(
                f"The loss is no longer a number (epoch {epoch}, {bad[0]}).",
                hint="Lower training.learning_rate; the best epoch so far is kept.",
                field="training.learning_rate",
            )

    def _keep(
        self,
        epoch: int,
        epochs: int,
        metrics: dict[str, float],
        best: bool,
        progress: Progress,
        optimiser: torch.optim.Optimizer | None,
        schedule: Schedule | None,
    ) -> None:
        self.sink.row(metrics)
        state = {
            "epoch": epoch,
            "progress": progress.to_values(),
            "schedule": schedule.state() if schedule else {},
            "metrics": {name: value for name, value in metrics.items() if math.isfinite(value)},
        }
        moments = optimiser_tensors(optimiser) if optimiser else {}
        checkpoint = Checkpoint(self.model.learner_state(), moments, state)
        self.sink.epoch(
            epoch, lambda folder: save_checkpoint(folder, checkpoint), best=best, keep=self.config.keep_epochs
        )
        self.emit(EpochEnded(self.job_id, epoch, epochs, metrics, best))
