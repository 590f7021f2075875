"""A batch in parts: the same loss, the same gradients, the learner asked once."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from engine.data.batch import Batch
from engine.training.features import ImageSource
from engine.training.loop import Trainer
from engine.training.step import Stepped, parts

Make = Callable[..., Trainer]
DEEP = {"prompt_depth": 2}


def stepped(trainer: Trainer, at_once: int) -> tuple[Stepped, dict[str, torch.Tensor]]:
    """The first batch of the first epoch, and the gradients that it leaves."""
    trainer.model.train()
    source = ImageSource(trainer.model, trainer.train, trainer.device, keep=False)
    batch = next(iter(trainer.train.epoch(1)))
    torch.manual_seed(5)
    found = trainer.gradients(batch, source, at_once)
    return found, {name: value.grad for name, value in trainer.model.learned().items() if value.grad is not None}


@pytest.mark.parametrize("at_once", [1, 3, 5])
@pytest.mark.parametrize(
    ("strategy", "settings"),
    [
        ("vpt", {**DEEP, "upsampler": "blend"}),
        ("coop", DEEP),
        ("cocoop", {**DEEP, "per_label": True}),
        ("maple", {**DEEP, "per_label": True}),
        ("shared_attention", DEEP),  # its dropout draws random numbers
        ("upsampler_only", {"upsampler": "add"}),
        ("full_finetune", {}),
    ],
)
def test_parts_add_up_to_the_whole(make_trainer: Make, strategy: str, settings: dict[str, Any], at_once: int) -> None:
    make = partial(make_trainer, strategy, settings, batch_size=8, absent_labels=0.0)
    whole, expected = stepped(make(folder="whole"), 8)
    divided, found = stepped(make(folder="parts"), at_once)
    assert float(divided.loss) == pytest.approx(float(whole.loss), abs=1e-6)
    assert torch.equal(divided.counts, whole.counts)
    assert found.keys() == expected.keys() != set()
    for name, gradient in expected.items():
        scale = float(gradient.abs().max())
        assert scale > 0, name
        assert float((found[name] - gradient).abs().max()) <= 1e-6 * max(1.0, scale), name


def test_parts_without_a_pair_count_for_nothing(make_trainer: Make) -> None:
    """The mean is one over pairs, not over parts: a part whose pairs are all absent adds nothing, and is no NaN."""
    trainer = make_trainer("vpt", DEEP, batch_size=4, absent_labels=0.0)
    batch = next(iter(trainer.train.epoch(1)))
    present = batch.present.clone()
    present[2:] = False
    trainer.train.epoch = lambda epoch, device="cpu": iter(  # type: ignore[method-assign]
        [Batch(batch.images, batch.masks, present, batch.positions, batch.changed)]
    )
    whole, expected = stepped(trainer, 4)
    kept = {name: value.clone() for name, value in expected.items()}
    for parameter in trainer.model.learned().values():
        parameter.grad = None
    divided, found = stepped(trainer, 1)
    assert math.isfinite(float(divided.loss))
    assert float(divided.loss) == pytest.approx(float(whole.loss), abs=1e-6)
    for name, gradient in kept.items():
        assert torch.allclose(found[name], gradient, rtol=0, atol=1e-6), name


def test_the_text_encoder_works_once_a_batch(make_trainer: Make) -> None:
    trainer = make_trainer("coop", DEEP, batch_size=8)
    calls: list[int] = []
    trainer.model.vlsm.network.clip.text_projection.register_forward_hook(lambda *_: calls.append(1))
    stepped(trainer, 2)
    assert len(calls) == 1


def test_parts_keep_the_order_and_every_field(make_trainer: Make) -> None:
    batch = next(iter(make_trainer("vpt", DEEP, batch_size=7).train.epoch(1)))
    found = parts(batch, 3)
    assert [len(part) for part in found] == [3, 3, 1]
    for name in ("images", "masks", "present", "positions", "changed"):
        assert torch.equal(torch.cat([getattr(part, name) for part in found]), getattr(batch, name))
    assert parts(batch, 7) == [batch]
