"""The loop: trains, validates, tells, keeps the best, obeys the cancel token; nothing else."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import EngineError
from engine.contract.events import Degraded, EpochEnded, Log, PreviewReady
from engine.data.batch import Batch
from engine.data.loader import Loader
from engine.strategies.tuned_model import TunedModel
from engine.training.adjustments import Adjustments
from engine.training.checkpoint import (
    Checkpoint,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)
from engine.training.compiling import CompiledBlocks
from engine.training.config import TrainingConfig
from engine.training.device import device_name, memory_told
from engine.training.features import Hearing, ImageSource
from engine.training.image_sources import image_sources
from engine.training.ladder import Ladder
from engine.training.losses import dice_ce, pair_counts
from engine.training.memory import held_bytes
from engine.training.metrics import SplitMetrics
from engine.training.obedience import obeying
from engine.training.optimiser import Schedule, parameter_groups
from engine.training.plan import Plan
from engine.training.precision import apply, autocast
from engine.training.preview import Pictures
from engine.training.progress import Fitted, Progress, RunSink
from engine.training.questions import FeatureSource, Phrases, Questions, Texts
from engine.training.step import Asked, Stepped, forward_backward, parts


@dataclass
class Trainer:
    """One run. `model`, `phrases` and texts lie on `device`; `seed` decides every random number with the epoch.

    `train_texts` and `val_texts` belong to the loaders' datasets; None where those say the labels' phrases. `base`:
    what tells the base network from others, where image features may be shared with other runs; empty: they are not.
    `config` are the settings in force: `adjustments` may change them between two steps.
    """

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
    train_texts: Texts | None = None
    val_texts: Texts | None = None
    plan: Plan = field(default_factory=Plan)
    base: str = ""
    adjustments: Adjustments = field(default_factory=Adjustments)
    questions: Questions = field(init=False)
    _compiled: CompiledBlocks | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.questions = Questions(self.model, self.phrases, self.device)

    def fit(self, resume: Checkpoint | None = None) -> Fitted:
        """Tunes to the end, or on from `resume`, whose run then ends with the numbers that it would have had anyway.

        Raises Cancelled (within a block of the network), OutOfMemory, and EngineError for a loss that is no number.
        """
        groups = parameter_groups(self.model, self.config)
        optimiser = torch.optim.AdamW(groups, fused=self.device.type == "cuda" or None) if groups else None
        schedule = Schedule(optimiser, self.config, self._epochs * len(self.train)) if optimiser else None
        progress = Progress()
        # A first epoch that was cut short holds the best there was, but no run would have gone on from there.
        if resume is not None and resume.state.get("whole", True):
            progress = self._go_on(resume, optimiser, schedule)
        ended = "epochs"
        apply(self.model, self.plan)
        with ExitStack() as around:
            around.enter_context(memory_told("training.batch_size"))
            around.enter_context(obeying(self.model, self.cancel))
            if self.plan.compiled:
                whole = self.plan.at_once(self.train.batch_size) == self.train.batch_size
                graphs = whole and self.device.type == "cuda"
                blocks = CompiledBlocks(self.model, self.emit, self.job_id, graphs=graphs)
                self._compiled = around.enter_context(blocks)
            self.model.eval()
            loaders = self.train, self.val
            sources = image_sources(self.model, loaders, self.device, self.config, self.plan, self.base, self._epochs)
            ladder = self._ladder(sources)
            while True:
                epoch = progress.epoch + 1
                self._adjust(epoch, 1, schedule)
                if epoch > self._epochs:
                    break
                if self._stalled(progress):
                    ended = "early"
                    break
                began = time.monotonic()
                torch.manual_seed(self.seed * 100_003 + epoch)
                whole, metrics = self._train_epoch(epoch, sources[0], ladder, optimiser, schedule)
                if not whole and progress.epoch > 0:
                    ended = "stopped"
                    break
                trained = time.monotonic() - began
                metrics |= self._validate(epoch, sources[1], ladder)
                self._refuse_nonsense(epoch, metrics["train_loss"], metrics["val_loss"])
                if schedule:
                    schedule.epoch_ended(metrics["val_loss"])
                best = progress.after(epoch, metrics["val_dice"], metrics["val_loss"], self.config.min_delta)
                metrics["learning_rate"] = schedule.rate if schedule else 0.0
                metrics["seconds"] = time.monotonic() - began
                state = {"whole": whole, "progress": progress.to_values(), "set": dict(self.adjustments.in_force)}
                self._keep(epoch, metrics, state, optimiser, schedule, best=best)
                self._tell_epoch(progress, metrics, best, trained)
                if self.cancel.wants_stop_keep_best:
                    ended = "stopped"
                    break
        return Fitted(progress.best_epoch, progress.best_dice, progress.epoch, ended)

    @property
    def _epochs(self) -> int:
        """How many there will be: without anything to learn there is only one to score."""
        return self.config.epochs if self.model.learned() else 1

    def _adjust(self, epoch: int, step: int, schedule: Schedule | None) -> None:
        """Puts settings into force that were changed meanwhile."""
        changed = self.adjustments.due(self.config, epoch, step)
        if changed is not None:
            self.config = changed
            if schedule is not None:
                schedule.change(changed, self._epochs * len(self.train))

    def _stalled(self, progress: Progress) -> bool:
        """Early stopping, looked at before an epoch so that a run that resumes ends where it would have ended."""
        if progress.stalled < self.config.patience or progress.epoch < self.config.min_epochs:
            return False
        self.emit(Log(self.job_id, f"The validation loss has not fallen for {progress.stalled} epochs: done."))
        return True

    def _go_on(
        self, resume: Checkpoint, optimiser: torch.optim.Optimizer | None, schedule: Schedule | None
    ) -> Progress:
        self.model.load_learner_state(resume.learner)
        self.config = self.adjustments.goes_on(self.config, resume.epoch, resume.state.get("set", {}))
        if optimiser is not None and schedule is not None:
            load_optimiser(optimiser, resume.optimiser)
            schedule.change(self.config, self._epochs * len(self.train))
            schedule.load(resume.state["schedule"])
        return Progress.from_values(resume.state["progress"])

    def _prepare(self, source: ImageSource, epoch: int, what: str, ladder: Ladder) -> None:
        hear = Hearing(self.emit, self.cancel, self.job_id, what)
        with autocast(self.plan, self.device):
            ladder.encoding(partial(source.prepare, epoch, hear))

    @property
    def keeps_features(self) -> bool:
        """Image features of the training images are computed once and kept, as far as there is room."""
        return self.config.keep_features and self.model.tower_is_fixed and bool(self.model.learned())

    def asked(self, texts: Texts | None) -> Asked:
        """What the learner gives now, and the phrases encoded with it; `texts` are those of the images asked about."""
        return self.questions.asked(texts, self.plan)

    def _train_epoch(
        self,
        epoch: int,
        source: ImageSource,
        ladder: Ladder,
        optimiser: torch.optim.Optimizer | None,
        schedule: Schedule | None,
    ) -> tuple[bool, dict[str, float]]:
        """Whether the epoch went to its end, and its training metrics."""
        metrics = {"epoch": float(epoch), "train_loss": math.nan, "train_dice": math.nan}
        if optimiser is None or schedule is None:
            return True, metrics
        self._prepare(source, epoch, "training", ladder)
        self.model.train()
        collected = SplitMetrics(self.phrases.names)
        learned = list(self.model.learned().values())
        ticker = Ticker(self.emit, self.job_id, len(self.train), "steps", f"epoch {epoch}/{self._epochs}: tuning")
        for batch in self.train.epoch(epoch, self.device, images=not source.keeps):
            self.cancel.check()
            if self.cancel.wants_stop_keep_best and ticker.done:
                break
            self._adjust(epoch, int(ticker.done) + 1, schedule)
            schedule.before_step()
            optimiser.zero_grad(set_to_none=True)
            stepped = ladder.holding(partial(self.gradients, batch, source), optimiser.zero_grad)
            if self.device.type == "cpu":  # elsewhere asking would wait for the device; the epoch's end tells there
                self._refuse_nonsense(epoch, float(stepped.loss), step=int(ticker.done) + 1)
            if self.config.grad_clip:
                nn.utils.clip_grad_norm_(learned, self.config.grad_clip)
            optimiser.step()
            collected.add(stepped.counts, batch.present, stepped.loss)
            ticker.step()
        found = collected.values("train")
        metrics |= {name: value for name, value in found.items() if name.startswith(("train_loss", "train_dice"))}
        del metrics["train_dice_positive"]  # a figure of validation alone
        return ticker.done >= len(self.train), metrics

    def gradients(self, batch: Batch, source: FeatureSource, at_once: int) -> Stepped:
        """Adds a training batch's gradients to those of what learns."""
        return forward_backward(
            batch,
            at_once,
            self._ask_to_learn,
            lambda part, asked: self.questions.logits(part, source, asked, self.train_texts, self.plan),
            self._loss,
        )

    def _ask_to_learn(self) -> Asked:
        if self._compiled is not None:
            self._compiled.step_begins()
        return self.asked(self.train_texts)

    def _ladder(self, sources: tuple[ImageSource, ImageSource]) -> Ladder:
        def tell(message: str, changes: dict[str, Any]) -> None:
            self.plan = ladder.plan
            if self._compiled is not None and self.device.type == "cuda":
                self._compiled.give_up("memory")  # its graphs hold memory, and know one size of batch
            self.emit(Degraded(self.job_id, message, changes))
            self.sink.adapted(ladder.plan.to_values(), changes)

        def forget() -> bool:
            given_up = [source.forget() for source in sources]
            return any(given_up)

        def checkpoint() -> bool:
            self.model.vlsm.checkpointing = not self.model.tower_is_fixed
            return self.model.vlsm.checkpointing

        ladder = Ladder(self.plan, self.train.batch_size, self.device, checkpoint, forget, tell)
        if self._compiled is not None:
            ladder.rescue = self._compiled.rescue
        return ladder

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        weights = self.config.dice_weight, self.config.ce_weight
        return dice_ce(logits, batch.masks, batch.present, *weights, ignored=batch.ignored)

    @torch.no_grad()
    def _validate(self, epoch: int, source: ImageSource, ladder: Ladder) -> dict[str, float]:
        self.model.eval()
        collected = SplitMetrics(self.phrases.names)
        asked = self.asked(self.val_texts)
        self._prepare(source, epoch, "validation", ladder)
        ticker = Ticker(self.emit, self.job_id, len(self.val), "steps", f"epoch {epoch}/{self._epochs}: validating")
        pictures = Pictures(self.val.dataset, self.phrases.colours) if self.config.previews else None
        for batch in self.val.epoch(epoch, self.device, images=not source.keeps):
            self.cancel.check()
            logits = ladder.holding(partial(self.answers, batch, source, asked, self.val_texts))
            judged = self.judged(batch, logits)
            collected.add(judged.counts, batch.present, judged.loss)
            if pictures is not None:
                pictures.take(batch.positions, logits)
            ticker.step()
        if pictures is not None:
            path = self.sink.preview(epoch, pictures.sheet())
            self.emit(PreviewReady(self.job_id, str(path), epoch))
        return collected.values("val")

    def answers(self, batch: Batch, source: FeatureSource, asked: Asked, texts: Texts | None, at_once: int) -> Tensor:
        """Logits (B, L, S, S) of a batch, without learning from it; `texts` are those of the batch's dataset."""
        return torch.cat(
            [self.questions.logits(part, source, asked, texts, self.plan) for part in parts(batch, at_once)]
        )

    def judged(self, batch: Batch, logits: Tensor) -> Stepped:
        return Stepped(self._loss(logits, batch), pair_counts(logits, batch.masks, batch.ignored))

    def _refuse_nonsense(self, epoch: int, *losses: float, step: int | None = None) -> None:
        if self.model.learned() and not all(math.isfinite(loss) for loss in losses):
            place = f"epoch {epoch}" if step is None else f"epoch {epoch}, step {step}"
            raise EngineError(
                f"The loss is no longer a finite number ({place}).",
                hint="Lower training.learning_rate; the best epoch so far is kept.",
                field="training.learning_rate",
            )

    def _keep(
        self,
        epoch: int,
        metrics: dict[str, float],
        state: dict[str, Any],
        optimiser: torch.optim.Optimizer | None,
        schedule: Schedule | None,
        *,
        best: bool,
    ) -> None:
        self.sink.row(metrics)
        state = state | {
            "epoch": epoch,
            "schedule": schedule.state() if schedule else {},
            "metrics": {name: value for name, value in metrics.items() if math.isfinite(value)},
        }
        moments = optimiser_tensors(optimiser) if optimiser else {}
        checkpoint = Checkpoint(self.model.learner_state(), moments, state)
        self.sink.epoch(
            epoch, lambda folder: save_checkpoint(folder, checkpoint), best=best, keep=self.config.keep_epochs
        )

    def _tell_epoch(self, progress: Progress, metrics: dict[str, float], best: bool, trained: float) -> None:
        """`trained`: seconds that the epoch's training took."""
        learns = bool(self.model.learned())
        left = max(self.config.patience - progress.stalled, self.config.min_epochs - progress.epoch, 0)
        event = EpochEnded(
            self.job_id,
            progress.epoch,
            self._epochs,
            metrics,
            best,
            patience_left=left if learns else None,
            device=device_name(self.device),
            images_per_second=len(self.train.dataset) / max(trained, 1e-9) if learns else None,
            memory=held_bytes(self.device),
        )
        self.emit(event)
