"""Smoothing, holes, specks and the largest part: against shapes whose answer is known, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from engine.bundle.levels import mask_of
from engine.contract.errors import OutOfRange
from engine.inference.refine import Refinement, refine
from engine.volumes.geometry import Geometry

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
GRID = Geometry((0.5, 1.0, 2.0), (0, 0, 0), IDENTITY)


def two_boxes() -> np.ndarray:
    """[12, 20, 24]: a hollow box of 6 × 8 × 10 voxels, a speck of 8 voxels, and one that touches it at a corner."""
    levels = np.full((12, 20, 24), 3, np.uint8)
    levels[2:8, 3:11, 4:14] = 200
    levels[4:6, 6:8, 8:10] = 0
    levels[9:11, 14:16, 18:20] = 220
    levels[8, 11, 14] = 210
    return levels


def parts(mask: np.ndarray) -> list[int]:
    found, count = ndimage.label(mask, np.ones((3, 3, 3)))
    return sorted(int((found == number + 1).sum()) for number in range(count))


def test_nothing_asked_changes_nothing() -> None:
    assert np.array_equal(refine(two_boxes(), 0.5, Refinement(), GRID), mask_of(two_boxes(), 0.5))


def test_holes_are_filled() -> None:
    filled = refine(two_boxes(), 0.5, Refinement(fill_holes=True), GRID)
    assert parts(filled) == [8, 6 * 8 * 10 + 1]
    opened = two_boxes()
    opened[4:6, 6:8, :10] = 0  # the hole reaches the outside: not enclosed
    assert np.array_equal(refine(opened, 0.5, Refinement(fill_holes=True), GRID), mask_of(opened, 0.5))


def test_the_largest_part_with_what_touches_its_corner() -> None:
    assert parts(refine(two_boxes(), 0.5, Refinement(largest=True), GRID)) == [6 * 8 * 10 - 8 + 1]


@pytest.mark.parametrize(("ml", "left"), [(0.008, 2), (0.0081, 1), (1.0, 0)])
def test_small_parts_go(ml: float, left: int) -> None:
    """A voxel is 1 mm³, so the speck has 0.008 ml."""
    assert len(parts(refine(two_boxes(), 0.5, Refinement(smallest=ml), GRID))) == left


def test_smoothing_follows_millimetres() -> None:
    levels = np.random.default_rng(1).integers(0, 256, (16, 24, 40), np.uint8)
    levels[:, :, :4] = 0
    ours = refine(levels, 0.5, Refinement(smooth=1.5), GRID)
    theirs = ndimage.gaussian_filter(levels.astype(float), (1.5 / 2, 1.5 / 1, 1.5 / 0.5), mode="nearest") >= 127.5
    assert (ours != theirs).mean() < 0.03  # ITK's recursive filter is an approximation
    voxels_not_mm = ndimage.gaussian_filter(levels.astype(float), 1.5, mode="nearest") >= 127.5
    assert (ours != voxels_not_mm).mean() > 0.1


def test_only_the_box_that_holds_something_is_looked_at_and_nothing_is_lost_at_its_edges() -> None:
    levels = np.zeros((30, 60, 60), np.uint8)
    levels[10:20, 20:40, 20:40] = 255
    alone = refine(levels, 0.5, Refinement(smooth=2.0), GRID)
    everywhere = np.maximum(levels, 20)  # above a tenth of the threshold all over: the box is the whole
    everywhere[levels == 255] = 255
    assert (alone != refine(everywhere, 0.54, Refinement(smooth=2.0), GRID)).mean() < 0.002
    assert not refine(np.zeros_like(levels), 0.5, Refinement(smooth=2.0, largest=True), GRID).any()


def test_a_picture_is_measured_in_pixels() -> None:
    levels = np.zeros((1, 20, 20), np.uint8)
    levels[0, 2:12, 2:12] = 255
    levels[0, 5:7, 5:7] = 0
    levels[0, 15, 15] = 255
    mask = refine(levels, 0.5, Refinement(fill_holes=True, smallest=2), None)
    assert mask.sum() == 100
    blurred = refine(levels, 0.5, Refinement(smooth=1.0), None)
    assert not blurred[0, 15, 15]
    assert blurred[0, 9, 9]


def test_a_wrong_threshold() -> None:
    with pytest.raises(OutOfRange):
        refine(two_boxes(), 1.0, Refinement(largest=True), GRID)
