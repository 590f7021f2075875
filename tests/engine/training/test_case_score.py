"""A case's score: volumes in three dimensions where they were scored whole, else slice by slice; pictures in pixels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.dataset import OriginalSlice
from engine.training.case_score import CaseTally, Score, Surface
from engine.training.surfaces import surfaces_available

pytestmark = pytest.mark.skipif(not surfaces_available(), reason="needs MONAI")

SPACING = (5.0, 0.5, 0.8)
SIDE = 24


def box(slices: range, column: int = 5, depth: int = 8) -> NDArray[np.bool_]:
    volume = np.zeros((depth, SIDE, SIDE), np.bool_)
    volume[slices.start : slices.stop, 5:15, column : column + 10] = True
    return volume


def scored(
    truth: NDArray[np.bool_],
    answer: NDArray[np.bool_],
    spacing: tuple[float, float, float] | None = SPACING,
    *,
    whole: bool = True,
    tolerance: float | None = 2.0,
) -> Score:
    tally = CaseTally("c", "liver", tolerance)
    for index, (one, other) in enumerate(zip(truth, answer, strict=True)):
        image = np.zeros((SIDE, SIDE), np.uint8)
        original = OriginalSlice(index, "c", index, image, one[None].astype(np.uint8), (0, 1), spacing, whole)
        tally.add(original, one, other)
    return tally.score()


def test_pixels_of_all_slices_count_together() -> None:
    found = scored(box(range(0, 2)), box(range(1, 5)))
    assert (found.slices, found.truth_pixels, found.answer_pixels, found.overlap) == (8, 200, 400, 100)
    assert (found.dice, found.iou) == (pytest.approx(200 / 600), pytest.approx(100 / 500))


def test_a_whole_volume_has_a_border_between_slices() -> None:
    """Found in the next two slices instead: 2 × 5 mm off, though no slice shows a border that is misplaced."""
    truth, answer = box(range(2, 6)), box(range(4, 8))
    solid = scored(truth, answer).surface
    assert solid is not None
    assert (solid.hd95, solid.unit, solid.dimensions, solid.undefined) == (pytest.approx(10.0), "mm", 3, 0)
    flat = scored(truth, answer, whole=False).surface
    # Slices 0, 1: both empty. 2, 3: missed. 4, 5: right. 6, 7: too much.
    assert flat == Surface(hd95=0.0, nsd=0.5, unit="mm", dimensions=2, undefined=4)


def test_slices_have_the_spacing_within_their_plane() -> None:
    surface = scored(box(range(2, 6)), box(range(2, 6), column=8), whole=False).surface
    assert surface is not None
    assert surface.hd95 == pytest.approx(4 / 8 * 3 * 0.8, rel=1e-5)  # half of the slices are empty: distance 0
    assert surface.unit == "mm"


def test_a_volume_that_was_missed_has_no_distance() -> None:
    empty = np.zeros((8, SIDE, SIDE), np.bool_)
    assert scored(box(range(2, 6)), empty).surface == Surface(None, 0.0, "mm", 3, 1)
    assert scored(empty, empty).surface == Surface(0.0, 1.0, "mm", 3, 0)


def test_a_volume_of_one_slice_is_flat() -> None:
    truth, answer = box(range(0, 1), depth=1), box(range(0, 1), 9, depth=1)
    surface = scored(truth, answer).surface
    assert surface is not None
    assert (surface.dimensions, surface.hd95) == (2, pytest.approx(4 * 0.8))


def test_pictures_are_measured_in_pixels() -> None:
    surface = scored(box(range(0, 1), depth=1), box(range(0, 1), 9, depth=1), spacing=None).surface
    assert surface is not None
    assert (surface.dimensions, surface.unit, surface.hd95) == (2, "px", pytest.approx(4.0))


def test_without_a_tolerance_borders_are_left_out() -> None:
    found = scored(box(range(2, 6)), box(range(2, 6)), tolerance=None)
    assert (found.dice, found.surface, found.hd95, found.nsd) == (1.0, None, None, None)
