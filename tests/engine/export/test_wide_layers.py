"""Wide layers as convolutions: the same numbers for any batch and length, where the widths and the pattern allow it."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper

from engine.export.wide_layers import widen_by_convolution
from tests.engine.export.drawn_block import block, kinds, run


@pytest.mark.parametrize("activation", ["relu", "silu"])
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 5)])
def test_the_numbers_stay(activation: str, swapped: bool, shape: tuple[int, int]) -> None:
    model = block(activation, swapped=swapped)
    before = run(model, shape)
    assert widen_by_convolution(model) == 1
    assert kinds(model).count("Conv") == 2
    assert kinds(model).count("MatMul") == 1  # the reduction
    for one, other in zip(before, run(model, shape), strict=True):
        np.testing.assert_allclose(other, one, atol=2e-6)


@pytest.mark.parametrize("seen", ["widened", "wide", "active", "narrowed"])
def test_what_others_read_stays_a_product(seen: str) -> None:
    model = block("silu", more=(seen,))
    assert widen_by_convolution(model) == 0
    assert "Conv" not in kinds(model)


def test_other_activations_stay() -> None:
    assert widen_by_convolution(block("quick_gelu")) == 0


def test_widths_that_fill_no_blocks_stay() -> None:
    model = block("relu")
    shapes = {"fc1": (16, 40), "fc1.bias": (40,), "fc2": (40, 16)}
    for tensor in model.graph.initializer:
        if tensor.name in shapes:
            tensor.CopyFrom(numpy_helper.from_array(np.ones(shapes[tensor.name], np.float32), tensor.name))
    assert widen_by_convolution(model) == 0
