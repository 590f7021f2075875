"""Real steps on real batches that leave no trace: how long they take and what they hold."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.data.batch import Batch, pixels
from engine.models.base import ImageFeatures
from engine.runs.writer import RunWriter
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel
from engine.training.checkpoint import Checkpoint, save_checkpoint
from engine.training.feature_bank import FeatureShape
from engine.training.features import ENCODE_BATCH
from engine.training.live_bytes import LiveBytes
from engine.training.memory import is_out_of_memory, release
from engine.training.plan import Plan
from engine.training.precision import apply, autocast
from engine.training.preview import Pictures
from engine.training.step import parts

if TYPE_CHECKING:
    from engine.training.loop import Trainer

SHORT = 2.0
"""Seconds: a step that takes longer is measured on fewer images, and its time and memory reckoned from those."""


class Fresh:
    """Image features computed anew, as where none are kept."""

    def __init__(self, model: TunedModel) -> None:
        self._model = model

    def features(self, batch: Batch, prompts: Prompts | None = None) -> ImageFeatures:
        assert batch.images is not None
        if not self._model.tower_is_fixed:
            return self._model.encode_images(batch.images, prompts)
        with torch.no_grad():
            seen = self._model.seen(batch.images)
        return self._model.from_seen(seen)


class Held:
    """Image features of one batch as if they had been kept."""

    def __init__(self, model: TunedModel, seen: ImageFeatures) -> None:
        self._model = model
        self._seen = seen

    def features(self, batch: Batch, prompts: Prompts | None = None) -> ImageFeatures:
        del batch, prompts
        return self._model.from_seen(self._seen)


@dataclass(frozen=True, slots=True)
class Line:
    """A cost that grows with the number of images: `fixed` + `each` · n."""

    fixed: float
    each: float

    def of(self, images: float) -> float:
        return self.fixed + self.each * images

    def plus(self, each: float) -> Line:
        return Line(self.fixed, self.each + each)

    @classmethod
    def through(cls, one: tuple[int, float], other: tuple[int, float]) -> Line:
        (few, low), (many, high) = sorted([one, other])
        if few == many:
            return cls(0.0, high / max(1, many))
        each = max(0.0, (high - low) / (many - few))
        # Noise must not make the fixed part negative.
        return cls(max(0.0, low - each * few), each) if each * few <= low else cls(0.0, high / many)


@dataclass(frozen=True, slots=True)
class Cost:
    """`step`: seconds of a training step by images; `check`: of a validation step; `encode`: seconds an image of the
    frozen tower, in its own batches, where features are kept, else 0; `held`: bytes at the peak of a step by images;
    `feature_bytes`: of one image's kept features; `epoch`: seconds of what an epoch costs however few its images are:
    its checkpoint, its preview, and the network's turns between learning and judging."""

    step: Line
    check: Line
    encode: float
    held: Line
    feature_bytes: int
    epoch: float = 0.0


class Probe:
    """Steps of a trainer that has not begun, or is between two epochs."""

    def __init__(self, trainer: Trainer, *, kept: bool) -> None:
        """`kept`: image features will be kept, so that steps after the first encoding are what counts."""
        self._trainer = trainer
        self._kept = kept
        self._batch = next(islice(trainer.train.epoch(1, trainer.device), 1))

    def cost(self, plan: Plan) -> Cost:
        """Measured at the sizes that the time allows: whole batches, or a few images of them."""
        with self._untraced(plan):
            batch = len(self._batch)
            few = min(2, batch)
            self._seconds(few)  # the first step of all pays for what comes only once
            low = self._seconds(few)
            many = self._fitting(batch if low * batch / few <= SHORT else min(4, batch))
            high = (self._seconds(many) + self._seconds(many)) / 2  # the mean: a run pays for disturbances too
            load = self._loading()
            with torch.no_grad():
                small = self._check(few)
                check = (self._check(many) + self._check(many)) / 2
                encode = self._encode() if self._kept else 0.0
                epoch = self._epoch()
            held = Line.through((few, self._held(few)), (many, self._held(many)))
            return Cost(
                Line.through((few, low), (many, high)).plus(load),
                Line.through((few, small), (many, check)).plus(load),
                encode,
                held,
                self._feature_bytes() if self._kept else 0,
                epoch,
            )

    def seconds(self, plans: list[Plan], images: int, rounds: int) -> list[float]:
        """The least time of a step of `images` for each plan, measured in turns after one round that warms up."""
        found = [float("inf")] * len(plans)
        for number in range(rounds + 1):
            for at, plan in enumerate(plans):
                with self._untraced(plan):
                    spent = self._seconds(images)
                if number:
                    found[at] = min(found[at], spent)
        return found

    @contextmanager
    def _untraced(self, plan: Plan) -> Iterator[None]:
        """What learns, its gradients and every random number are afterwards as they were."""
        trainer = self._trainer
        state = {name: value.detach().clone() for name, value in trainer.model.learned().items()}
        random = torch.get_rng_state()
        devices = [trainer.device] if trainer.device.type == "cuda" else []
        before, training = trainer.plan, trainer.model.training
        trainer.plan = plan
        trainer.questions.forget()
        apply(trainer.model, plan)
        trainer.model.train()
        with torch.random.fork_rng(devices, enabled=bool(devices)):
            try:
                yield
            finally:
                trainer.model.zero_grad(set_to_none=True)
                with torch.no_grad():
                    for name, value in trainer.model.learned().items():
                        value.copy_(state[name])
                torch.set_rng_state(random)
                trainer.plan = before
                trainer.questions.forget()
                apply(trainer.model, before)
                trainer.model.train(training)

    def _fitting(self, images: int) -> int:
        """Halved until the memory holds a step."""
        while True:
            try:
                self._seconds(images)
                return images
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or images == 1:
                    raise
            release(self._trainer.device)
            images = -(-images // 2)

    def _seconds(self, images: int) -> float:
        trainer = self._trainer
        batch, source = self._given(images)
        learned = list(trainer.model.learned().values())
        trainer.model.zero_grad(set_to_none=True)
        self._wait()
        began = time.perf_counter()
        if learned:
            trainer.gradients(batch, source, images)
            torch.optim.AdamW(learned, lr=0.0, weight_decay=0.0).step()
        else:
            with torch.no_grad():
                texts = trainer.train_texts  # of the images that are measured
                trainer.answers(batch, source, trainer.asked(texts), texts, images)
        self._wait()
        return time.perf_counter() - began

    def _check(self, images: int) -> float:
        trainer = self._trainer
        batch, source = self._given(images)
        texts = trainer.train_texts  # of the images that are measured
        self._wait()
        began = time.perf_counter()
        trainer.judged(batch, trainer.answers(batch, source, trainer.asked(texts), texts, images))
        self._wait()
        return time.perf_counter() - began

    def _loading(self) -> float:
        """Seconds an image for reading it and changing it at random."""
        began = time.perf_counter()
        loader = self._trainer.train
        found = next(islice(loader.epoch(1, self._trainer.device, images=not self._kept), 1))
        self._wait()
        return (time.perf_counter() - began) / len(found)

    def _encode(self) -> float:
        """Seconds an image, in a batch as the tower is given it, from the pixels to a row of numbers."""
        loader, device = self._trainer.train, self._trainer.device
        positions = np.resize(self._batch.positions.numpy(), ENCODE_BATCH)
        spent = []
        for _ in range(2):
            self._wait()
            began = time.perf_counter()
            changes = loader.changes(positions, 1)
            with autocast(self._trainer.plan, device):
                seen = self._trainer.model.seen(pixels(loader.dataset, positions, device, changes))
            FeatureShape.of(seen).rows(seen, torch.float32)
            self._wait()
            spent.append(time.perf_counter() - began)
        return sum(spent) / len(spent) / ENCODE_BATCH  # the mean: a run pays for disturbances too

    def _epoch(self) -> float:
        """Seconds of an epoch without its images, written where temporary files lie."""
        trainer, model = self._trainer, self._trainer.model
        began = time.perf_counter()
        model.eval()
        model.train()
        learner = model.learner_state()
        moments = {
            f"{name}.{moment}": value.clone() for name, value in learner.items() for moment in ("exp_avg", "exp_avg_sq")
        }
        with tempfile.TemporaryDirectory(prefix="tunevlseg-probe-") as place:
            writer = RunWriter(Path(place))
            checkpoint = Checkpoint(learner, moments, {"epoch": 1})
            writer.epoch(1, lambda folder: save_checkpoint(folder, checkpoint), best=True, keep=1)
            if trainer.config.previews:
                pictures = Pictures(trainer.val.dataset, trainer.phrases.colours)
                shown = torch.tensor(pictures.positions)
                masks = (torch.from_numpy(trainer.val.dataset[position].masks) for position in pictures.positions)
                pictures.take(shown, torch.stack(list(masks)).float())
                writer.preview(1, pictures.sheet())
        return time.perf_counter() - began

    def _held(self, images: int) -> float:
        """Bytes at the peak of a step."""
        trainer = self._trainer
        if not trainer.model.learned():
            return 0.0
        batch, source = self._given(images)
        trainer.model.zero_grad(set_to_none=True)
        if trainer.device.type == "cuda":
            release(trainer.device)
            torch.cuda.reset_peak_memory_stats(trainer.device)
            before = torch.cuda.memory_allocated(trainer.device)
            trainer.gradients(batch, source, images)
            return float(torch.cuda.max_memory_allocated(trainer.device) - before)
        with LiveBytes() as live:
            trainer.gradients(batch, source, images)
        return float(live.peak)

    def _given(self, images: int) -> tuple[Batch, Fresh | Held]:
        batch = parts(self._batch, images)[0]
        if not self._kept:
            return batch, Fresh(self._trainer.model)
        with torch.no_grad(), autocast(self._trainer.plan, self._trainer.device):
            return batch, Held(self._trainer.model, self._seen(images))

    def _feature_bytes(self) -> int:
        with torch.no_grad():
            numbers = FeatureShape.of(self._seen(1)).numbers
        return numbers * (2 if self._trainer.config.feature_numbers == "fp16" else 4)

    def _seen(self, images: int) -> ImageFeatures:
        assert self._batch.images is not None
        return self._trainer.model.seen(self._batch.images[:images])

    def _wait(self) -> None:
        if self._trainer.device.type == "cuda":
            torch.cuda.synchronize(self._trainer.device)
        elif self._trainer.device.type == "mps":
            torch.mps.synchronize()
