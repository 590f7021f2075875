"""bf16 inside the network: what learns, loss and scores stay fp32, and the Dice stays where it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine.models.cris_vlsm import Cris
from engine.runs.writer import read_metrics
from engine.training.config import TrainingConfig
from engine.training.loop import Trainer
from engine.training.plan import Plan
from engine.training.precision import apply, candidates, fastest, in_words

Make = Callable[..., Trainer]
DEEP = {"prompt_depth": 2}
BF16 = Plan(precision="bf16")
EAGER = Plan(precision="bf16", attention="eager")
CPU = torch.device("cpu")


def rows(trainer: Trainer) -> list[dict[str, float]]:
    trainer.fit()
    return read_metrics(trainer.sink.folder)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("strategy", "plan"), [("vpt", BF16), ("vpt", EAGER), ("coop", BF16), ("cocoop", EAGER), ("maple", EAGER)]
)
def test_the_dice_is_that_of_fp32(make_trainer: Make, strategy: str, plan: Plan) -> None:
    common: dict[str, Any] = {"settings": DEEP, "epochs": 3, "augment": "published"}
    expected = rows(make_trainer(strategy, folder="fp32", **common))
    short = make_trainer(strategy, folder="bf16", **common)
    short.plan = plan
    found = rows(short)
    for one, other in zip(expected, found, strict=True):
        assert other["val_dice"] == pytest.approx(one["val_dice"], abs=0.03)
        assert other["train_loss"] == pytest.approx(one["train_loss"], rel=0.03)
    assert [row["train_loss"] for row in found] != [row["train_loss"] for row in expected]  # bf16 was really used


def test_what_learns_and_the_loss_are_fp32(make_trainer: Make) -> None:
    trainer = make_trainer("vpt", DEEP)
    trainer.plan = BF16
    inside: list[torch.dtype] = []
    layer = trainer.model.vlsm.network.clip.vision_model.encoder.layers[0].mlp.fc1
    layer.register_forward_hook(lambda module, given, out: inside.append(out.dtype))
    batch = next(iter(trainer.train.epoch(1)))
    source = type(
        "Fresh", (), {"features": lambda self, batch, prompts=None: trainer.model.encode_images(batch.images, prompts)}
    )()
    stepped = trainer.gradients(batch, source, 4)
    assert inside == [torch.bfloat16]
    assert stepped.loss.dtype == torch.float32
    assert {value.grad.dtype for value in trainer.model.learned().values() if value.grad is not None} == {torch.float32}


def test_a_way_is_taken_where_it_is_worth_it() -> None:
    plans = [Plan(), BF16, EAGER]
    assert fastest(plans, [1.0, 1.2, 0.5]) == EAGER
    assert fastest(plans, [1.0, 0.95, 0.9]) == Plan()
    assert fastest(plans, [1.0, 1.2, 3.0]) == Plan()


def test_the_ways_of_a_processor(make_trainer: Make) -> None:
    model = make_trainer("vpt", DEEP).model
    assert candidates(model, CPU, TrainingConfig(precision="fp32"), Plan()) == [Plan()]
    assert candidates(model, CPU, TrainingConfig(precision="bf16"), Plan()) == [BF16, EAGER]
    found = candidates(model, CPU, TrainingConfig(), Plan())
    assert found == [Plan(), BF16, Plan(attention="eager"), EAGER]
    assert candidates(model, CPU, TrainingConfig(attention="sdpa"), Plan()) == [Plan(), BF16]
    assert all(plan.checkpointing for plan in candidates(model, CPU, TrainingConfig(), Plan(checkpointing=True)))


def test_a_convolutional_tower_may_go_channels_last() -> None:
    from engine.strategies import STRATEGIES
    from engine.strategies.tuned_model import TunedModel
    from tests.fakes.tiny_cris import tiny_cris

    vlsm = Cris(tiny_cris())
    config = STRATEGIES.get("zero_shot").model_validate({})
    model = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.zeros(1, 1), 1))
    ways = candidates(model, CPU, TrainingConfig(precision="auto"), Plan())
    assert [plan.channels_last for plan in ways] == [False, False, True, True]
    assert candidates(model, CPU, TrainingConfig(precision="fp32"), Plan()) == [Plan()], "nothing left to measure"
    images = torch.randn(2, 3, vlsm.sites.image_size, vlsm.sites.image_size)
    with torch.no_grad():
        expected = model.encode_images(images).taps
        apply(model, Plan(channels_last=True))
        assert any(
            value.is_contiguous(memory_format=torch.channels_last) for value in vlsm.parameters() if value.ndim == 4
        )
        found = model.encode_images(images).taps
        apply(model, Plan())
    for one, other in zip(expected, found, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_words() -> None:
    assert in_words(EAGER.with_(compiled=True)) == "bf16, eager attention, compiled"
    assert in_words(Plan()) == "fp32"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_takes_bf16_unasked(make_trainer: Make) -> None:
    trainer = make_trainer("vpt", DEEP)
    device = torch.device("cuda")
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    assert candidates(trainer.model, device, TrainingConfig(), Plan())[0].precision == ("bf16" if native else "fp32")
