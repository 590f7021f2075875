"""In exact mode tuning gives what a plain step in the published manner gives: at once, and after three epochs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.data.augment import Augmentation
from engine.runs.writer import read_metrics
from engine.training.loop import Trainer
from engine.training.losses import dice_ce, pair_counts
from engine.training.metrics import SplitMetrics
from tests.benchmarks.plain_step import PlainModel
from tests.fakes.tiny_clipseg import tiny_network

Make = Callable[..., Trainer]
DEEP = {"prompt_depth": 2}
STRATEGIES = [
    ("coop", DEEP),
    ("cocoop", {**DEEP, "projector_width": 8}),
    ("vpt", DEEP),
    ("maple", DEEP),
    ("shared_attention", {**DEEP, "heads": 4, "dropout": 0.0}),
    ("shared_separate", DEEP),
]


class Plain:
    """A trainer's run again, on a stock network of its own and a learner of the same start."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.learner = trainer.model.learner
        network = tiny_network()
        network.requires_grad_(False)
        for module in network.modules():
            if hasattr(module, "config"):
                module.config._attn_implementation = "eager"
        self.model = PlainModel(network)

    def logits(self, images: Tensor) -> Tensor:
        """(B, L, S, S): each image asked each phrase on its own, as pairs."""
        count, labels = len(images), len(self.trainer.phrases.ids)
        pixels = images.repeat_interleave(labels, dim=0)
        ids = self.trainer.phrases.ids.repeat(count, 1)
        mask = self.trainer.phrases.mask.repeat(count, 1)
        found = self.model.logits(pixels, ids, mask, self.learner)
        return found.reshape(count, labels, *found.shape[-2:])

    def epochs(self, count: int) -> list[dict[str, float]]:
        rate = self.trainer.config.learning_rate
        optimiser = torch.optim.AdamW(self.learner.parameters(), lr=rate, weight_decay=0.0)
        rows = []
        for epoch in range(1, count + 1):
            row: dict[str, float] = {}
            for name, loader in (("train", self.trainer.train), ("val", self.trainer.val)):
                collected = SplitMetrics(self.trainer.phrases.names)
                for batch in loader.epoch(epoch):
                    assert batch.images is not None
                    logits = self.logits(batch.images)
                    loss = dice_ce(logits, batch.masks, batch.present, 1.0, 0.2)
                    if name == "train":
                        optimiser.zero_grad()
                        loss.backward()
                        optimiser.step()
                    collected.add(pair_counts(logits.detach(), batch.masks), batch.present, loss)
                row |= collected.values(name)
            rows.append(row)
        return rows


@pytest.mark.parametrize(("strategy", "settings"), STRATEGIES, ids=[name for name, _ in STRATEGIES])
def test_one_step_is_the_plain_one(make_trainer: Make, strategy: str, settings: dict[str, Any]) -> None:
    trainer = make_trainer(strategy, settings)
    plain = Plain(trainer)
    batch = next(trainer.train.epoch(1))
    assert batch.images is not None
    learned = list(trainer.model.learned().values())
    found = []
    phrases = trainer.phrases
    for logits in (
        trainer.model(batch.images, phrases.ids, phrases.mask, phrases.label_index),
        plain.logits(batch.images),
    ):
        loss = dice_ce(logits, batch.masks, batch.present, 1.0, 0.2)
        found.append((logits.detach(), torch.autograd.grad(loss, learned)))
    (ours, gradients), (theirs, expected) = found
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert max(float(gradient.abs().max()) for gradient in expected) > 1e-3
    for one, other in zip(gradients, expected, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    ("strategy", "settings", "views"),
    [(*each, 0) for each in STRATEGIES] + [(*each, 2) for each in STRATEGIES[:2]],
    ids=[*(name for name, _ in STRATEGIES), "coop-views", "cocoop-views"],
)
def test_three_epochs_are_the_plain_ones(
    make_trainer: Make, strategy: str, settings: dict[str, Any], views: int
) -> None:
    # AdamW takes steps of full length where a gradient is as good as zero: its direction is then rounding alone.
    rate = 1e-4 if strategy == "shared_attention" else 0.01
    trainers = [
        make_trainer(strategy, settings, folder=name, epochs=3, learning_rate=rate) for name in ("ours", "plain")
    ]
    for trainer in trainers:
        trainer.train.augment = Augmentation("published", views=views) if views else Augmentation()
    trainers[0].fit()
    rows = read_metrics(trainers[0].sink.folder)  # type: ignore[attr-defined]
    for row, expected in zip(rows, Plain(trainers[1]).epochs(3), strict=True):
        for name in ("train_loss", "val_loss"):
            assert row[name] == pytest.approx(expected[name], rel=1e-4), name
        for name in ("train_dice", "val_dice"):
            assert row[name] == pytest.approx(expected[name], abs=1e-3), name
