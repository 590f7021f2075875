"""HD95 and surface Dice against borders that can be measured by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.training.surfaces import surface_distances, surfaces_available

pytestmark = pytest.mark.skipif(not surfaces_available(), reason="needs MONAI")

PX = (1.0, 1.0)


def square(row: int, column: int, side: int = 20, size: int = 64) -> NDArray[np.bool_]:
    mask = np.zeros((size, size), np.bool_)
    mask[row : row + side, column : column + side] = True
    return mask


def cube(at: tuple[int, int, int]) -> NDArray[np.bool_]:
    mask = np.zeros((24, 40, 40), np.bool_)
    mask[tuple(slice(start, start + 10) for start in at)] = True
    return mask


@settings(max_examples=20, deadline=None)
@given(
    shift=st.integers(0, 12),
    axis=st.sampled_from([0, 1]),
    step=st.tuples(st.sampled_from([0.1, 0.5, 1.0, 2.5]), st.sampled_from([0.1, 0.7, 3.0])),
)
def test_two_squares_shifted_by_k_lie_k_apart(shift: int, axis: int, step: tuple[float, float]) -> None:
    truth = square(20, 20)
    answer = np.roll(truth, shift, axis)
    moved = shift * step[axis]
    hd95, nsd = surface_distances(truth, answer, step, tolerance=moved)
    # Of 76 border pixels some 19 on one side are moved by the whole shift: far more than the 5 % left out.
    assert hd95 == pytest.approx(moved, rel=1e-5)
    assert nsd == 1.0
    assert surface_distances(answer, truth, step, moved) == (hd95, nsd)


def test_half_of_the_border_within_the_tolerance() -> None:
    """Shifted sideways by 10, the upper and lower sides keep what overlaps; the left and right sides are lost."""
    side = 40
    truth, answer = square(10, 5, side), square(10, 15, side)
    hd95, nsd = surface_distances(truth, answer, PX, tolerance=2.0)
    assert hd95 == pytest.approx(10.0)
    # Of each contour of 4 × 40 remain the 30 above and below that overlap, 2 more of each of them (the tolerance),
    # and both ends, of 2, of the side that lies inside the other square.
    assert nsd == pytest.approx((2 * (30 + 2) + 2 * 2) / (4 * side), abs=0.015)
    assert surface_distances(truth, answer, PX, tolerance=10.0)[1] == 1.0


def test_borders_weigh_by_their_length_not_by_their_pixels() -> None:
    """Pixels of 3 × 0.5 mm: shifted by a row, 60 mm at each side stay right, 10 mm above and below are wrong."""
    truth, answer = square(20, 20), square(21, 20)
    hd95, nsd = surface_distances(truth, answer, (3.0, 0.5), tolerance=2.0)
    assert hd95 == pytest.approx(3.0)
    assert nsd == pytest.approx(120 / 140, abs=0.03)
    assert nsd != pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("axis", "step"), [(0, 5.0), (1, 0.7), (2, 0.8)])
def test_in_three_dimensions_each_axis_has_its_spacing(axis: int, step: float) -> None:
    truth = cube((6, 12, 12))
    hd95, nsd = surface_distances(truth, np.roll(truth, 2, axis), (5.0, 0.7, 0.8), tolerance=2.0)
    assert hd95 == pytest.approx(2 * step, rel=1e-5)
    assert (nsd == 1.0) == (2 * step <= 2.0)


def test_a_tolerance_is_not_missed_by_rounding() -> None:
    truth = square(20, 20)
    assert surface_distances(truth, np.roll(truth, 20, 1), (1.0, 0.1), tolerance=2.0)[1] == 1.0


def test_the_95th_percentile_leaves_a_few_stray_pixels_out() -> None:
    truth = square(20, 20)
    answer = truth.copy()
    answer[0, 0] = True
    hd95, nsd = surface_distances(truth, answer, PX, tolerance=1.0)
    assert hd95 == 0.0
    assert 0.95 < nsd < 1.0


def test_empty_masks() -> None:
    empty, full = np.zeros((8, 8), np.bool_), np.ones((8, 8), np.bool_)
    assert surface_distances(empty, empty, PX, 2.0) == (0.0, 1.0)
    assert surface_distances(full, empty, PX, 2.0) == (None, 0.0)
    assert surface_distances(empty, full, PX, 2.0) == (None, 0.0)


def test_a_mask_that_fills_the_picture_has_its_edge_as_border() -> None:
    full = np.ones((32, 32), np.bool_)
    half = full.copy()
    half[:, 16:] = False
    assert surface_distances(full, full, PX, 0.0) == (0.0, 1.0)
    hd95, nsd = surface_distances(full, half, PX, 2.0)
    assert hd95 == pytest.approx(16.0)
    assert 0 < nsd < 1


@pytest.mark.parametrize("spacing", [PX, (1.0, 1.0, 1.0)])
def test_other_shapes_are_refused(spacing: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="masks of"):
        surface_distances(np.ones((4, 4), np.bool_), np.ones((4, 4 + len(spacing) % 2 + 1), np.bool_), spacing, 1.0)


def test_no_warning_reaches_the_log() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        surface_distances(square(20, 20), square(20, 22), PX, 2.0)
