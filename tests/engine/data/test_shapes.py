"""Outlines and run lengths become pixels; damaged ones are refused, whatever stands in them."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.shapes import pack, polygon, run_lengths


def test_a_square_holds_the_pixels_whose_centres_are_in_it() -> None:
    found = polygon([2, 1, 6, 1, 6, 4, 2, 4], 8, 10)
    expected = np.zeros((8, 10), np.bool_)
    expected[1:4, 2:6] = True
    assert np.array_equal(found, expected)


def test_an_outline_may_leave_the_picture_and_hold_a_hole() -> None:
    assert polygon([-5, -5, 50, -5, 50, 50, -5, 50], 6, 7).all()
    ring = polygon([0, 0, 8, 0, 8, 8, 0, 8, 0, 0, 2, 2, 2, 6, 6, 6, 6, 2, 2, 2], 8, 8)
    assert not ring[3, 3]
    assert ring[1, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 30), st.floats(0, 1))
def test_masks_survive_packing(seed: int, height: int, width: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    assert np.array_equal(run_lengths(pack(mask), height, width), mask)


def test_run_lengths_go_down_the_columns() -> None:
    found = run_lengths([1, 2, 3], 2, 3)
    assert found.tolist() == [[False, True, False], [True, False, False]]
    # The packed text that COCO's own tools give for it.
    assert pack(found) == "123"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40))
def test_any_text_is_decoded_or_refused(text: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert run_lengths(text, 7, 9).shape == (7, 9)


@pytest.mark.parametrize("counts", [[3, -1], [10**30], ["x"], [[1]], [5], [1.5, "a"], None])
def test_wrong_counts_are_refused(counts: object) -> None:
    with pytest.raises(ValueError, match="run length"):
        run_lengths(counts, 2, 2)


@pytest.mark.parametrize(
    "points", [[1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, float("nan")], [0, 0, 1e999, 0, 1, 1]]
)
def test_wrong_outlines_are_refused(points: list[float]) -> None:
    with pytest.raises(ValueError, match="outline"):
        polygon(points, 5, 5)
