"""What is settled before a run: measured once, told, and kept to what the memory holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.contract.events import Degraded, Event, Log
from engine.training import feature_bank
from engine.training import settle as settling
from engine.training.estimate import Sizes
from engine.training.loop import Trainer
from engine.training.plan import Plan
from engine.training.settle import Settled, settle

Make = Callable[..., Trainer]
DEEP = {"prompt_depth": 2}
LONG = Sizes(train=100_000, val=1000, batch=8, epochs=20)
SHORT = Sizes(train=10, val=6, batch=8, epochs=1)


def settled(make_trainer: Make, sizes: Sizes, **training: Any) -> tuple[Settled, list[Event]]:
    events: list[Event] = []
    trainer = make_trainer("vpt", DEEP, batch_size=8, emit=events.append, compile="off", **training)
    return settle(trainer, sizes), events


def said(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, Log)]


def test_a_long_run_measures_once_and_remembers(make_trainer: Make) -> None:
    first, told = settled(make_trainer, LONG)
    assert len(said(told)) == 1
    assert "measured, a training image each: fp32" in said(told)[0]
    assert "bf16, eager attention" in said(told)[0]
    again, told = settled(make_trainer, LONG, learning_rate=0.5)
    assert "measured before on this machine" in said(told)[0]
    assert again.plan == first.plan
    short, told = settled(make_trainer, SHORT)
    assert short.plan == first.plan  # known by now, so a short run profits too


def test_a_short_run_looks_for_nothing(make_trainer: Make) -> None:
    found, told = settled(make_trainer, SHORT)
    assert "too short" in said(told)[0]
    assert found.plan == Plan()


def test_the_recipe_decides_where_it_says_so(make_trainer: Make) -> None:
    found, told = settled(make_trainer, SHORT, precision="fp32")
    assert (found.plan, said(told)) == (Plan(), ["Computing in fp32: as the recipe asks."])
    found, _ = settled(make_trainer, SHORT, precision="bf16")
    assert found.plan.precision == "bf16"


@pytest.mark.parametrize(("room", "expected"), [(0.6, 4), (0.3, 2), (0.0, 1), (2.0, 0)])
def test_no_more_images_at_once_than_the_memory_holds(
    make_trainer: Make, monkeypatch: pytest.MonkeyPatch, room: float, expected: int
) -> None:
    """`room`: what is available, as a share of what a batch of eight holds."""
    from engine.training.probe import Probe

    held = Probe(make_trainer("vpt", DEEP, batch_size=8), kept=False).cost(Plan()).held
    monkeypatch.setattr(settling, "available_bytes", lambda device: int(held.of(8) * room / settling.MARGIN))
    found, told = settled(make_trainer, SHORT)
    assert found.plan.images_at_once == expected
    changes = [event.changes for event in told if isinstance(event, Degraded)]
    assert changes == ([{"images_at_once": expected}] if expected else [])
    if expected:
        assert found.estimate.images_at_once == expected


def test_a_number_in_the_recipe_stands(make_trainer: Make) -> None:
    found, told = settled(make_trainer, SHORT, images_at_once=3)
    assert found.plan.images_at_once == 3
    assert not any(isinstance(event, Degraded) for event in told)


def test_more_images_take_longer(make_trainer: Make) -> None:
    few, many = (settled(make_trainer, sizes)[0].estimate for sizes in (SHORT, LONG))
    assert many.total > 1000 * few.total
    assert 0 < few.memory < few.available + few.memory


def test_features_that_do_not_fit_in_memory_leave_the_batch_whole(
    make_trainer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (settling, feature_bank):
        monkeypatch.setattr(module, "available_bytes", lambda device: 100_000_000)
    trainer = make_trainer("coop", DEEP, batch_size=8, precision="fp32", compile="off")
    found = settle(trainer, Sizes(train=10**6, val=6, batch=8, epochs=2, views=1.0))

    assert found.plan.images_at_once == 0


def test_what_was_measured_with_kept_features_is_not_said_of_fresh_ones(make_trainer: Make) -> None:
    told: list[Event] = []
    for keep in (True, False):
        trainer = make_trainer("coop", DEEP, batch_size=8, emit=told.append, compile="off", keep_features=keep)
        settle(trainer, LONG)
    assert not any("measured before" in line for line in said(told))
