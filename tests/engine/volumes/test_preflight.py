"""Image and mask on one grid, or what differs and what mends it."""

from __future__ import annotations

import dataclasses
from itertools import permutations, product

import numpy as np
import pytest

from engine.contract.errors import GridMismatch
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.preflight import letters, preflight, repaired
from engine.volumes.volume import Volume

SHAPE = (5, 7, 9)
PLAIN = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def oblique() -> Geometry:
    turn, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))
    return Geometry((0.7, 1.1, 2.5), (-30.0, 12.0, 400.0), tuple(float(v) for v in turn.ravel()))


def volume(geometry: Geometry | None, voxels: np.ndarray | None = None) -> Volume:
    return Volume(np.zeros(SHAPE, np.int16) if voxels is None else voxels, geometry)


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4, SHAPE).astype(np.uint8)


def moved(geometry: Geometry, voxels_x: float) -> Geometry:
    x, y, z = geometry.world_of((0, 0, voxels_x))
    return dataclasses.replace(geometry, origin_xyz=(x, y, z))


def test_the_same_grid_needs_nothing(labels: np.ndarray) -> None:
    found = preflight(volume(oblique()), volume(moved(oblique(), 1e-4), labels))
    assert found.same
    assert found.offers == ()
    with pytest.raises(GridMismatch, match="copy-header"):
        repaired(volume(oblique()), volume(oblique(), labels), "copy-header")


def test_a_header_a_little_off_is_copied(labels: np.ndarray) -> None:
    scan, mask = volume(oblique()), volume(moved(oblique(), 0.3), labels)
    found = preflight(scan, mask)
    assert found.offers[0].repair == "copy-header"
    assert "0.3 voxels" in found.offers[0].does
    assert {row.what for row in found.differences} >= {"origin (mm, LPS)", "largest shift of a corner (voxels)"}
    assert np.array_equal(repaired(scan, mask, "copy-header"), labels)


def test_a_header_far_off_is_not_copied(labels: np.ndarray) -> None:
    scan, mask = volume(oblique()), volume(moved(oblique(), 2.0), labels)
    assert [offer.repair for offer in preflight(scan, mask).offers] == ["resample"]
    assert np.array_equal(repaired(scan, mask, "resample")[:, :, 2:], labels[:, :, :-2])
    with pytest.raises(GridMismatch, match="resample") as caught:
        repaired(scan, mask, "copy-header")
    assert "resample" in caught.value.hint


@pytest.mark.parametrize("axes", list(permutations(range(3))))
def test_every_axis_order_is_brought_back(axes: tuple[int, int, int], labels: np.ndarray) -> None:
    geometry = oblique()
    for flips in product((1, -1), repeat=3):
        stored = labels.transpose(axes)[tuple(slice(None, None, flip) for flip in flips)]
        matrix = np.eye(4)
        corner = np.zeros(3)
        for new, (axis, flip) in enumerate(zip(axes, flips, strict=True)):
            matrix[:3, 2 - new] = geometry.matrix[:3, 2 - axis] * flip
            corner[2 - axis] = SHAPE[axis] - 1 if flip < 0 else 0
        matrix[:3, 3] = geometry.matrix[:3, :3] @ corner + geometry.matrix[:3, 3]
        scan, mask = volume(geometry), volume(Geometry.from_matrix(matrix), stored)
        found = preflight(scan, mask)
        if found.same:
            assert np.array_equal(stored, labels)
            continue
        assert found.offers[0].repair == "reorient"
        for repair in ("reorient", "resample"):
            assert np.array_equal(repaired(scan, mask, repair), labels)


def test_a_mask_of_other_voxels_is_resampled() -> None:
    coarse = np.zeros((6, 8, 8), np.uint8)
    coarse[2:4, 3:6, 2:7] = 3
    fine = volume(Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), PLAIN), np.zeros((12, 16, 16), np.int16))
    # Two fine voxels in each coarse one: its centre lies between them.
    mask = volume(Geometry((2.0, 2.0, 2.0), (0.5, 0.5, 0.5), PLAIN), coarse)
    result = repaired(fine, mask, "resample")
    assert np.array_equal(result, coarse.repeat(2, 0).repeat(2, 1).repeat(2, 2))


def test_axes_that_are_a_little_askew_are_made_perpendicular(labels: np.ndarray) -> None:
    straight = Geometry((1.0, 1.0, 2.0), (5.0, 6.0, 7.0), PLAIN)
    askew = Geometry((1.0, 1.0, 2.0), (5.0, 6.0, 7.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.01, 0.0, 0.0, 1.0))
    big = np.zeros((80, 60, 50), np.int16)
    marked = (np.arange(big.size) % 5).astype(np.uint8).reshape(big.shape)
    scan, mask = volume(straight, big), volume(askew, marked)
    assert max_corner_shift(straight, askew, big.shape) > 0.5
    found = preflight(scan, mask)
    assert found.offers[0].repair == "orthonormalise"
    result = repaired(scan, mask, "orthonormalise")
    assert np.mean(result == marked) > np.mean(repaired(scan, mask, "resample") == marked)


def test_what_lies_elsewhere_is_refused(labels: np.ndarray) -> None:
    away = dataclasses.replace(oblique(), origin_xyz=(900.0, 0.0, 0.0))
    found = preflight(volume(oblique()), volume(away, labels))
    assert found.offers == ()
    assert "0 % of the mask" in found.refused
    with pytest.raises(GridMismatch, match="does not fit"):
        repaired(volume(oblique()), volume(away, labels), "resample")


def test_without_a_place_nothing_is_inferred(labels: np.ndarray) -> None:
    found = preflight(volume(None, np.zeros((1, 4, 5), np.uint8)), volume(None, np.zeros((1, 5, 4), np.uint8)))
    assert not found.same
    assert found.offers == ()
    assert found.differences[0].scan == "5 × 4 × 1"


def test_letters_name_where_the_axes_run_to() -> None:
    assert letters(Geometry((1, 1, 1), (0, 0, 0), PLAIN)) == "LPS"
    assert letters(Geometry((1, 1, 1), (0, 0, 0), (0.0, 0, -1, -1, 0, 0, 0, 1, 0))) == "ASR"


def test_a_header_that_was_probably_lost_is_told() -> None:
    voxels = np.zeros((8, 20, 24), np.uint8)
    voxels[2:6, 5:12, 6:15] = 1
    straight = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    scan = Volume(voxels.astype(np.int16), Geometry((0.7, 0.8, 2.5), (0.0, 0.0, 0.0), straight))
    for spacing, told in (((1.0, 1.0, 1.0), True), ((0.7, 0.8, 2.5), False)):
        mask = Volume(voxels, Geometry(spacing, (2.0, 0.0, 0.0), straight))
        offer = preflight(scan, mask).offer("resample")
        assert offer is not None
        assert ("header was lost" in offer.does) is told
