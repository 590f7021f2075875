"""Projectors: forms, starts, and what is shared."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from engine.config.yaml_io import build
from engine.contract.errors import OutOfRange
from engine.strategies.maple import MaPLe


def made(count: int = 2, inputs: int = 40, outputs: int = 30, **settings: Any) -> nn.ModuleList:
    torch.manual_seed(0)
    keys = ("final_bias", "identical")
    extra = {key: settings.pop(key) for key in keys if key in settings}
    return MaPLe(**settings).projectors(count, inputs, outputs, **extra)


def kinds(module: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in (module if isinstance(module, nn.Sequential) else [module])]


def test_hidden_layers_start_wide_and_the_last_as_torch_does() -> None:
    (first,) = made(1, 400, 300, projector_width=(200, 100))
    assert kinds(first) == ["Linear", "ReLU", "Linear", "ReLU", "Linear", "LayerNorm"]
    assert first[0].weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.05)
    assert first[2].weight.std().item() == pytest.approx((2 / 200) ** 0.5, rel=0.05)
    assert first[4].weight.abs().max().item() <= 1 / 100**0.5 + 1e-6
    assert first[4].bias is None  # the norm's does


def test_without_a_norm_the_last_layer_has_the_bias() -> None:
    (first,) = made(1, projector_norm=False)
    assert kinds(first) == ["Linear", "ReLU", "Linear"]
    assert first[2].bias is not None
    (bare,) = made(1, projector_norm=False, final_bias=False)
    assert bare[2].bias is None
    (normed,) = made(1, final_bias=False)
    assert normed[3].bias is None


def test_a_rank_above_the_output_is_no_bottleneck() -> None:
    assert [layer.weight.shape for layer in made(1, projector="low_rank", projector_width=30)[0]][:2] == [
        (30, 40),
        (30, 30),
    ]
    wide = made(1, projector="low_rank", projector_width=31)[0]
    assert kinds(wide) == ["Linear", "LayerNorm"]
    assert wide[0].weight.shape == (30, 40)


def test_the_norm_is_the_linear_forms_too_where_it_is_asked_for() -> None:
    (plain,) = made(1, projector="linear", projector_norm=False, final_bias=False)
    assert isinstance(plain, nn.Linear)
    assert plain.bias is not None  # the published rule
    assert kinds(made(1, projector="linear")[0]) == ["Linear", "LayerNorm"]


def test_one_for_all_depths_or_one_each() -> None:
    apart, same = made(3), made(3, projector_shared=True)
    assert len({id(module) for module in apart}) == 3
    assert not torch.equal(apart[0][0].weight, apart[1][0].weight)
    assert len({id(module) for module in same}) == 1
    copies = made(3, identical=True)
    assert len({id(module) for module in copies}) == 3
    assert torch.equal(copies[0][0].weight, copies[2][0].weight)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"projector": "low_rank", "projector_width": [8, 8]}, "strategy"),
        ({"projector_width": []}, "strategy.projector_width"),
        ({"projector_width": 0}, "strategy.projector_width"),
        ({"projector_width": [8, 0]}, "strategy.projector_width"),
    ],
)
def test_widths_that_make_no_sense_are_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError):
        MaPLe(**values)
    with pytest.raises(OutOfRange) as caught:
        build(MaPLe, values, path="strategy")
    assert (caught.value.field or "").startswith(field)
