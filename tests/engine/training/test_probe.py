"""Measured steps leave no trace; what they cost is a line through two sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine.training.live_bytes import LiveBytes
from engine.training.loop import Trainer
from engine.training.plan import Plan
from engine.training.probe import Line, Probe

Make = Callable[..., Trainer]
Table = Callable[[Trainer], Any]
DEEP = {"prompt_depth": 2}
EAGER_BF16 = Plan(precision="bf16", attention="eager")


@pytest.mark.parametrize("strategy", ["vpt", "coop", "cocoop", "shared_attention", "full_finetune"])
def test_a_run_has_the_same_numbers_with_and_without(make_trainer: Make, table_of: Table, strategy: str) -> None:
    settings = DEEP if strategy != "full_finetune" else {}
    plain = make_trainer(strategy, settings, folder="plain", augment="published")
    plain.fit()
    probed = make_trainer(strategy, settings, folder="probed", augment="published")
    before = torch.get_rng_state()
    probe = Probe(probed, kept=probed.keeps_features)
    cost = probe.cost(Plan())
    probe.seconds([Plan(), EAGER_BF16], 2, rounds=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.grad is None for parameter in probed.model.parameters())
    probed.fit()
    assert table_of(probed) == table_of(plain)
    assert cost.step.of(4) > 0
    assert cost.check.of(4) > 0
    assert cost.epoch > 0
    assert (cost.encode > 0) == (cost.feature_bytes > 0) == probed.keeps_features


def test_what_a_step_holds_grows_with_its_images(make_trainer: Make) -> None:
    """By image the network's inner values, which the way back needs: at least those of its widest block."""
    held = Probe(make_trainer("vpt", DEEP, batch_size=8), kept=False).cost(Plan()).held
    assert held.each > 5 * 32 * 32 * 4  # masks and probabilities at 32 × 32, fp32, alone
    assert held.of(8) == pytest.approx(held.fixed + 8 * held.each)


def test_live_bytes_counts_what_lives_at_one_time() -> None:
    with LiveBytes() as live:
        one = torch.zeros(1000)
        del one
        two = torch.zeros(500)
        view = two.view(5, 100)
    assert live.peak == 4000
    assert live.now == 2000
    del two, view
    assert live.now == 0


def test_live_bytes_counts_what_is_kept_for_the_way_back() -> None:
    weight = torch.randn(64, 64, requires_grad=True)
    given = torch.randn(32, 64)
    with LiveBytes() as live:
        hidden = given
        for _ in range(10):
            hidden = torch.relu(hidden @ weight)
        kept = live.now
        hidden.sum().backward()
    assert kept >= 10 * 32 * 64 * 4
    assert live.peak >= kept + weight.numel() * 4
    del hidden
    assert live.now == weight.numel() * 4  # the gradient


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((2, 3.0), (4, 5.0), Line(1.0, 1.0)),
        ((4, 5.0), (2, 3.0), Line(1.0, 1.0)),
        ((2, 1.0), (4, 4.0), Line(0.0, 1.0)),  # less than nothing at the start is noise
        ((2, 3.0), (4, 2.0), Line(3.0, 0.0)),
        ((4, 8.0), (4, 8.0), Line(0.0, 2.0)),
    ],
)
def test_a_line_through_two_sizes(one: tuple[int, float], other: tuple[int, float], expected: Line) -> None:
    assert Line.through(one, other) == expected
