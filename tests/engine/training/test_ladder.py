"""Memory runs out in the middle of an epoch: the step is done again in smaller parts, and the numbers stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine.contract.errors import OutOfMemory
from engine.contract.events import Degraded, Event
from engine.runs import layout
from engine.runs.writer import read_metrics
from engine.training.loop import Trainer

Make = Callable[..., Trainer]
DEEP = {"prompt_depth": 2}
CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
LINUX = RuntimeError("[enforce fail at alloc_cpu.cpp:125] DefaultCPUAllocator: can't allocate memory: you tried …")
WINDOWS = RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried to …")


def limit(trainer: Trainer, most: int, error: Exception, after: int = 0) -> list[int]:
    """The image tower refuses more than `most` images, as an allocator would, once `after` of its calls went well."""
    seen: list[int] = []

    def refuse(module: torch.nn.Module, given: tuple[Any, ...]) -> None:
        seen.append(int(given[0].shape[0]))
        if len(seen) > after and seen[-1] > most:
            raise error

    trainer.model.vlsm.network.clip.vision_model.pre_layrnorm.register_forward_pre_hook(refuse)
    return seen


def folder(trainer: Trainer) -> Any:
    return trainer.sink.folder  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("strategy", "error"),
    [("vpt", LINUX), ("vpt", WINDOWS), ("vpt", MemoryError()), ("shared_attention", CUDA)],  # the last has dropout
)
def test_the_run_goes_on_with_the_same_numbers(make_trainer: Make, strategy: str, error: Exception) -> None:
    events: list[Event] = []
    whole = make_trainer(strategy, DEEP, folder="whole", batch_size=8, epochs=2)
    whole.fit()
    pressed = make_trainer(strategy, DEEP, folder="pressed", batch_size=8, epochs=2, emit=events.append)
    seen = limit(pressed, 3, error, after=1)  # the first step still fits: memory runs out within the epoch
    pressed.fit()
    told = [event for event in events if isinstance(event, Degraded)]
    assert [event.changes for event in told] == [{"images_at_once": 4}, {"images_at_once": 2}]
    assert "2 images at a time instead of 4; a step still learns from 8" in told[-1].message
    assert max(seen[4:]) <= 3
    for one, other in zip(read_metrics(folder(whole)), read_metrics(folder(pressed)), strict=True):
        for name in ("train_loss", "train_dice", "val_loss", "val_dice"):
            assert other[name] == pytest.approx(one[name], rel=1e-4), name


def test_what_was_done_is_kept_with_the_run(make_trainer: Make) -> None:
    trainer = make_trainer("vpt", DEEP, batch_size=4, epochs=2)
    limit(trainer, 2, CUDA)
    trainer.fit()
    lines = (folder(trainer) / layout.CHANGES).read_text().splitlines()
    assert [(line["change"], line["images_at_once"], line["after_epoch"]) for line in map(json.loads, lines)] == [
        ("adapted", 2, 0)
    ]
    kept = json.loads((folder(trainer) / layout.ENVIRONMENT).read_text())
    assert kept["plan"]["images_at_once"] == 2


def test_kept_features_are_given_up_when_single_images_do_not_fit(make_trainer: Make) -> None:
    """The text encoder is what runs out here, and goes on running out until the features are gone."""
    events: list[Event] = []
    trainer = make_trainer("coop", DEEP, batch_size=2, epochs=1, emit=events.append)
    failures = [CUDA, CUDA]

    def refuse(module: torch.nn.Module, given: Any) -> None:
        if failures:
            raise failures.pop()

    trainer.model.vlsm.network.clip.text_projection.register_forward_pre_hook(refuse)
    trainer.fit()
    changes = [event.changes for event in events if isinstance(event, Degraded)]
    assert changes == [{"images_at_once": 1}, {"keep_features": False}]


def test_with_nothing_left_it_says_so(make_trainer: Make) -> None:
    events: list[Event] = []
    trainer = make_trainer("vpt", DEEP, batch_size=4, emit=events.append)
    limit(trainer, 0, CUDA)
    with pytest.raises(OutOfMemory, match="one image at a time") as caught:
        trainer.fit()
    assert caught.value.field == "training.batch_size"
    assert caught.value.hint
    assert [event.changes for event in events if isinstance(event, Degraded)] == [
        {"images_at_once": 2},
        {"images_at_once": 1},
        {"checkpointing": True},
    ]


def test_checkpointing_follows_single_images(make_trainer: Make) -> None:
    """A network that fits only once its inner values are computed again on the way back."""
    events: list[Event] = []
    plain = make_trainer("vpt", DEEP, folder="plain", batch_size=2, epochs=1)
    plain.fit()
    trainer = make_trainer("vpt", DEEP, batch_size=2, epochs=1, emit=events.append)

    def refuse(module: torch.nn.Module, given: Any) -> None:
        if not trainer.model.vlsm.checkpointing:
            raise CUDA

    trainer.model.vlsm.network.clip.vision_model.pre_layrnorm.register_forward_pre_hook(refuse)
    trainer.fit()
    changes = [event.changes for event in events if isinstance(event, Degraded)]
    assert changes == [{"images_at_once": 1}, {"checkpointing": True}]
    kept = json.loads((folder(trainer) / layout.ENVIRONMENT).read_text())["plan"]
    assert (kept["images_at_once"], kept["checkpointing"]) == (1, True)
    one, other = (read_metrics(folder(run))[0] for run in (plain, trainer))
    assert other["train_loss"] == pytest.approx(one["train_loss"], rel=1e-5)


def test_another_error_is_not_taken_for_it(make_trainer: Make) -> None:
    events: list[Event] = []
    trainer = make_trainer("vpt", DEEP, batch_size=4, emit=events.append)
    limit(trainer, 0, RuntimeError("shape mismatch"))
    with pytest.raises(RuntimeError, match="shape"):
        trainer.fit()
    assert not any(isinstance(event, Degraded) for event in events)


@pytest.mark.parametrize("at", [1, 2])
def test_memory_that_runs_out_while_encoding_ends_no_run(make_trainer: Make, at: int) -> None:
    """Before anything is held, and with the first images held."""
    straight = make_trainer("coop", DEEP, folder="straight", epochs=1)
    straight.fit()
    events: list[Event] = []
    trainer = make_trainer("coop", DEEP, epochs=1, emit=events.append)
    calls: list[int] = []

    def refuse(module: torch.nn.Module, given: Any) -> None:
        calls.append(1)
        if len(calls) == at:
            raise CUDA

    trainer.model.vlsm.network.clip.vision_model.pre_layrnorm.register_forward_pre_hook(refuse)
    trainer.fit()
    changes = [event.changes for event in events if isinstance(event, Degraded)]
    assert changes == [{"keep_features": False}]
    one, other = (read_metrics(folder(run))[0] for run in (straight, trainer))
    assert other["train_loss"] == pytest.approx(one["train_loss"], rel=1e-5)
    assert other["val_loss"] == pytest.approx(one["val_loss"], rel=1e-5)
