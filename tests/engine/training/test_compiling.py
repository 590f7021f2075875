"""torch.compile for the blocks: the same numbers, and no run is lost where it does not work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config.yaml_io import apply_overrides
from engine.contract.events import Event, Log
from engine.runs.writer import read_metrics
from engine.training import compiling
from engine.training.compiling import CompiledBlocks, _known, no_compiler, pays
from engine.training.config import TrainingConfig
from engine.training.estimate import Sizes
from engine.training.loop import Trainer
from engine.training.plan import Plan
from engine.training.remembered import Remembered
from engine.training.settle import settle

Make = Callable[..., Trainer]
Table = Callable[[Trainer], Any]
DEEP = {"prompt_depth": 2}
CPU = torch.device("cpu")
COMPILED = Plan(compiled=True)


def warnings(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, Log) and event.level == "warning"]


@pytest.mark.slow
@pytest.mark.skipif(bool(no_compiler(CPU)), reason=f"torch.compile: {no_compiler(CPU)}")
def test_compiled_blocks_learn_the_same(make_trainer: Make) -> None:
    """Ten images in batches of four: the last batch of an epoch has another shape and goes the plain way."""
    events: list[Event] = []
    plain = make_trainer("vpt", DEEP, folder="plain", augment="published")
    plain.fit()
    quick = make_trainer("vpt", DEEP, folder="quick", augment="published", emit=events.append)
    quick.plan = COMPILED
    quick.fit()
    assert warnings(events) == []
    rows = [read_metrics(run.sink.folder) for run in (plain, quick)]  # type: ignore[attr-defined]
    for one, other in zip(*rows, strict=True):
        for name in ("train_loss", "val_loss", "val_dice"):
            assert other[name] == pytest.approx(one[name], rel=1e-4), name


def test_a_compiler_that_fails_loses_nothing(
    make_trainer: Make, table_of: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Event] = []
    plain = make_trainer("vpt", DEEP, folder="plain")
    plain.fit()

    def broken(plain: Any, **settings: Any) -> Any:
        def refuse(*given: Any, **named: Any) -> Any:
            raise OSError("no compiler, no cry")

        return refuse

    monkeypatch.setattr(torch, "compile", broken)
    quick = make_trainer("vpt", DEEP, folder="quick", emit=events.append)
    quick.plan = COMPILED
    quick.fit()
    assert table_of(quick) == table_of(plain)
    assert warnings(events) == ["torch.compile gave up (OSError); the run goes on without it."]


def test_a_way_back_that_fails_is_gone_the_plain_way(
    make_trainer: Make, table_of: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiled block may fail only when its gradients are asked for; the step is done again."""
    events: list[Event] = []
    plain = make_trainer("shared_attention", DEEP, folder="plain")  # dropout: the same random numbers again
    plain.fit()

    class Breaks(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, value: torch.Tensor) -> torch.Tensor:
            return value.clone()

        @staticmethod
        def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("a kernel that cannot be launched")

    monkeypatch.setattr(torch, "compile", lambda plain, **settings: lambda *a, **n: Breaks.apply(plain(*a, **n)))
    quick = make_trainer("shared_attention", DEEP, folder="quick", emit=events.append)
    quick.plan = COMPILED
    quick.fit()
    assert table_of(quick) == table_of(plain)
    assert len(warnings(events)) == 1


def test_the_blocks_are_as_they_were_afterwards(make_trainer: Make) -> None:
    model = make_trainer("vpt", DEEP).model
    blocks = list(model.vlsm.network.clip.vision_model.encoder.layers)
    with CompiledBlocks(model, lambda event: None, "job"):
        assert all("forward" in vars(block) for block in blocks)
    assert not any("forward" in vars(block) for block in blocks)


@pytest.mark.parametrize(
    ("gain", "price", "seconds", "worth"),
    [(1.5, 60.0, 3600.0, True), (1.5, 60.0, 120.0, False), (1.0, 1.0, 1e9, False), (0.5, 1.0, 1e9, False)],
)
def test_it_pays_where_it_wins_back_its_price(gain: float, price: float, seconds: float, worth: bool) -> None:
    assert pays(gain, price, seconds) is worth


def test_without_a_compiler_it_says_so_and_goes_on(make_trainer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    monkeypatch.setattr(shutil, "which", lambda name: None)
    trainer = make_trainer("vpt", DEEP, emit=events.append, compile="on", precision="fp32")
    found = settle(trainer, Sizes(10, 6, 4, 2))
    assert not found.plan.compiled
    assert "Without torch.compile: no C++ compiler on this machine." in [
        e.message for e in events if isinstance(e, Log)
    ]


def test_a_short_run_never_looks(make_trainer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(device: torch.device) -> str:
        raise AssertionError("looked for a compiler")

    monkeypatch.setattr(compiling, "no_compiler", looked)
    assert not settle(make_trainer("vpt", DEEP), Sizes(10, 6, 4, 2)).plan.compiled


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_graphs_on_a_gpu_learn_the_same(make_trainer: Make) -> None:
    rows = []
    for name, plan in (("plain", Plan()), ("quick", COMPILED)):
        trainer = make_trainer("vpt", DEEP, folder=name)
        trainer.device = torch.device("cuda")
        trainer.model.to(trainer.device)
        trainer.phrases = trainer.phrases.to(trainer.device)
        trainer.plan = plan
        trainer.fit()
        rows.append(read_metrics(trainer.sink.folder))  # type: ignore[attr-defined]
    for one, other in zip(*rows, strict=True):
        assert other["train_loss"] == pytest.approx(one["train_loss"], rel=1e-3)


@pytest.mark.parametrize(("word", "meant"), [("on", "on"), ("off", "off"), ("auto", "auto")])
def test_yaml_may_call_it_true(word: str, meant: str) -> None:
    """The bare words on and off are booleans in YAML."""
    assert TrainingConfig.model_validate(apply_overrides({}, [f"compile={word}"])).compile == meant


@pytest.mark.parametrize("damaged", [{"gain": "much", "seconds": 1}, {"speed": 2}, [3], None])
def test_damaged_memories_are_none(make_trainer: Make, tmp_path: Path, damaged: Any) -> None:
    trainer = make_trainer("vpt", {"prompt_depth": 2})
    remembered = Remembered(trainer.model, trainer.device, tmp_path)
    remembered.put("compiling", damaged)
    assert _known(remembered) is None


def test_no_more_disk_than_there_can_be() -> None:
    with pytest.raises(ValueError, match="feature_disk"):
        TrainingConfig(feature_disk=1e300)
