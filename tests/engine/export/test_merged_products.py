"""Merged products give the same numbers with less work, and leave alone what others read."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from engine.export.merged_products import merge_products
from tests.engine.export.drawn_block import NARROW, WIDE, block, kinds, run


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (2, 5)])
def test_the_numbers_stay(shape: tuple[int, int], swapped: bool) -> None:
    model = block(swapped=swapped)
    before = run(model, shape)
    assert merge_products(model) == 2
    for one, other in zip(before, run(model, shape), strict=True):
        np.testing.assert_allclose(other, one, atol=2e-6)


def test_less_is_computed() -> None:
    model = block()
    merge_products(model)
    assert kinds(model).count("Mul") == 1  # without the sharpness
    shapes = {tuple(tensor.dims) for tensor in model.graph.initializer}
    assert (WIDE, NARROW) in shapes
    assert (WIDE, 16) not in shapes  # the wide way back is gone, and its weights


@pytest.mark.parametrize(("seen", "places"), [("total", 1), ("branch", 1), ("active", 1), ("wide", 1), ("gate", 1)])
def test_what_others_read_keeps_its_value(seen: str, places: int) -> None:
    model = block(more=(seen,))
    before = run(model, (2, 3))
    assert merge_products(model) == places
    for one, other in zip(before, run(model, (2, 3)), strict=True):
        np.testing.assert_allclose(other, one, atol=2e-6)


def test_a_layer_that_does_not_narrow_stays() -> None:
    model = block("relu")
    reduce = next(tensor for tensor in model.graph.initializer if tensor.name == "reduce")
    reduce.CopyFrom(onnx.numpy_helper.from_array(np.ones((16, 16), np.float32), "reduce"))
    before = kinds(model)
    assert merge_products(model) == 0
    assert kinds(model) == before
