"""Which weights decay, at which rate each learns, and how the rates fall."""

from __future__ import annotations

import math

import pytest
import torch

from engine.models.clipseg import ClipSeg
from engine.strategies import STRATEGIES
from engine.strategies.tuned_model import TunedModel
from engine.training.config import TrainingConfig
from engine.training.optimiser import Schedule, parameter_groups
from engine.training.progress import Progress
from tests.fakes.tiny_clipseg import tiny_network


def model(strategy: str, **settings: object) -> TunedModel:
    config = STRATEGIES.get(strategy).model_validate(settings)
    vlsm = ClipSeg(tiny_network())
    return TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.randn(4, 32)))


def test_contexts_biases_and_the_ratio_never_decay() -> None:
    tuned = model("vpt", prompt_depth=2, upsampler="blend")
    config = TrainingConfig(learning_rate=0.1, learning_rate_layers=0.001, weight_decay=0.5)
    assert tuned.upsampler is not None
    found = [(group["params"], group["lr"], group["weight_decay"]) for group in parameter_groups(tuned, config)]
    contexts, decayed, plain = found
    assert contexts[0][0] is tuned.learner.context_vectors
    assert contexts[1:] == (0.1, 0.0)
    assert decayed[0][0] is tuned.upsampler.convolution.weight
    assert decayed[1:] == (0.001, 0.5)
    assert {id(item) for item in plain[0]} == {id(tuned.upsampler.convolution.bias), id(tuned.upsampler.ratio)}
    assert plain[1:] == (0.001, 0.0)


def test_norms_and_embeddings_never_decay() -> None:
    tuned = model("full_finetune")
    groups = parameter_groups(tuned, TrainingConfig(weight_decay=0.5))
    decaying = {id(item) for group in groups if group["weight_decay"] for item in group["params"]}
    names = {name for name, item in tuned.learned().items() if id(item) in decaying}
    assert any(name.endswith("q_proj.weight") for name in names)
    for name in names:
        assert name.endswith("weight"), name
        assert "norm" not in name, name
        assert not name.endswith(("token_embedding.weight", "position_embedding.weight")), name
    assert sum(len(group["params"]) for group in groups) == len(tuned.learned())


def test_an_attentions_joint_projection_decays() -> None:
    tuned = model("shared_attention", prompt_depth=1, feed_forward=8)
    groups = parameter_groups(tuned, TrainingConfig(weight_decay=0.5))
    decaying = {id(item) for group in groups if group["weight_decay"] for item in group["params"]}
    names = {name.partition(".0.")[2] for name, item in tuned.learned().items() if id(item) in decaying}
    assert names == {"self_attn.in_proj_weight", "self_attn.out_proj.weight", "linear1.weight", "linear2.weight"}


def test_no_decay_means_none() -> None:
    """AdamW's own default would pull everything by 0.01."""
    tuned = model("vpt", prompt_depth=1)
    optimiser = torch.optim.AdamW(parameter_groups(tuned, TrainingConfig(learning_rate=0.1)))
    before = tuned.learner.context_vectors.detach().clone()
    tuned.learner.context_vectors.grad = torch.zeros_like(before)
    optimiser.step()
    assert torch.equal(tuned.learner.context_vectors, before)


def one(config: TrainingConfig, steps: int = 10) -> tuple[torch.optim.Optimizer, Schedule]:
    optimiser = torch.optim.AdamW([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": config.learning_rate}])
    return optimiser, Schedule(optimiser, config, steps)


def test_the_plateau_is_torchs_own() -> None:
    config = TrainingConfig(learning_rate=1.0, plateau_patience=2)
    optimiser, schedule = one(config)
    other = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    known = torch.optim.lr_scheduler.ReduceLROnPlateau(other, factor=0.2, patience=2)
    for loss in [1.0, 0.9, 0.95, 0.89999, 0.91, 0.92, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]:
        schedule.epoch_ended(loss)
        known.step(loss)
        schedule.before_step()
        assert optimiser.param_groups[0]["lr"] == pytest.approx(other.param_groups[0]["lr"])
    assert schedule.rate < 0.05


def test_warm_up_and_cosine() -> None:
    _, schedule = one(TrainingConfig(learning_rate=1.0, schedule="cosine", warmup_steps=2), steps=10)
    rates = []
    for _ in range(10):
        schedule.before_step()
        rates.append(schedule.rate)
    assert rates[0] == pytest.approx(0.5)
    assert rates[1] == pytest.approx(0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * 0.1)))
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert 0.05 <= rates[-1] < 0.1


def test_a_loaded_schedule_goes_on() -> None:
    config = TrainingConfig(learning_rate=1.0, plateau_patience=0, warmup_steps=3)
    _, first = one(config)
    first.before_step()
    for loss in (1.0, 2.0):
        first.epoch_ended(loss)
    _, second = one(config)
    second.load(first.state())
    for schedule in (first, second):
        schedule.before_step()
    assert first.rate == second.rate == pytest.approx(0.2 * 2 / 3)


def test_early_stopping_counts_as_lightning_does() -> None:
    """A fall of half a min_delta an epoch adds up: every other epoch is better than the last that was."""
    progress, counts = Progress(), []
    for epoch in range(1, 9):
        progress.after(epoch, val_dice=0.5, val_loss=1.0 - 0.6e-4 * epoch, min_delta=1e-4)
        counts.append(progress.stalled)
    assert counts == [0, 1, 0, 1, 0, 1, 0, 1]
    progress.after(9, 0.5, progress.lowest_loss - 1e-4, min_delta=1e-4)
    assert progress.stalled == 2  # exactly min_delta is not better


def test_the_best_epoch_is_by_dice_and_the_first_of_equals() -> None:
    progress = Progress()
    told = [progress.after(epoch, dice, loss, 1e-4) for epoch, dice, loss in [(1, 0.4, 9), (2, 0.6, 9), (3, 0.6, 1)]]
    assert told == [True, True, False]
    assert (progress.best_epoch, progress.best_dice) == (2, 0.6)


def test_attention_decays_in_its_projections_alone() -> None:
    tuned = model("shared_attention", prompt_depth=2)
    groups = parameter_groups(tuned, TrainingConfig(weight_decay=0.5))
    decaying = {id(item) for group in groups if group["weight_decay"] for item in group["params"]}
    names = {name for name, item in tuned.learned().items() if id(item) in decaying}
    layer = {name.partition("projection_layers.0.")[2] for name in names if ".0." in name} - {""}
    assert {name.rpartition(".")[2] for name in names} <= {"weight", "in_proj_weight"}
    assert any(name.endswith("in_proj_weight") for name in layer)
    assert any(name.endswith("out_proj.weight") for name in layer)
    assert not any("norm" in name or name.endswith("bias") for name in layer)


def test_a_decay_pulls_weights_and_leaves_contexts() -> None:
    tuned = model("vpt", prompt_depth=1, upsampler="add")
    assert tuned.upsampler is not None
    optimiser = torch.optim.AdamW(parameter_groups(tuned, TrainingConfig(learning_rate=0.1, weight_decay=0.5)))
    kernel, bias = tuned.upsampler.convolution.weight, tuned.upsampler.convolution.bias
    context = tuned.learner.context_vectors
    before = [tensor.detach().clone() for tensor in (kernel, bias, context)]
    for parameter in tuned.learned().values():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    assert torch.allclose(kernel.detach(), before[0] * (1 - 0.1 * 0.5))
    assert torch.equal(bias.detach(), before[1])
    assert torch.equal(context.detach(), before[2])
