from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.volumes.geometry import Geometry, max_corner_shift, same_grid

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
PLAIN = Geometry((1.0, 2.0, 3.0), (10.0, 20.0, 30.0), IDENTITY)


def test_world_position_follows_spacing_and_origin() -> None:
    assert PLAIN.world_of((1, 2, 3)) == (13.0, 24.0, 33.0)
    assert PLAIN.index_of((13.0, 24.0, 33.0)) == pytest.approx((1, 2, 3))


@given(st.integers(0, 10_000))
def test_matrix_and_json_round_trips(seed: int) -> None:
    random = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    spacing = [float(v) for v in random.uniform(0.1, 6, 3)]
    geometry = Geometry(tuple(spacing), (1.5, -2.5, 1 / 3), tuple(float(v) for v in rotation.ravel()))

    assert Geometry.from_dict(json.loads(json.dumps(geometry.to_dict()))) == geometry
    assert max_corner_shift(geometry, Geometry.from_matrix(geometry.matrix), (40, 50, 60)) < 1e-9


@pytest.mark.parametrize(
    ("spacing", "direction"),
    [
        ((0.0, 1.0, 1.0), IDENTITY),
        ((1.0, -1.0, 1.0), IDENTITY),
        ((1.0, float("nan"), 1.0), IDENTITY),
        ((1.0, 1.0, 1.0), (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)),
    ],
)
def test_what_is_no_grid_is_refused(spacing: tuple[float, float, float], direction: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"between voxels|no number|one plane"):
        Geometry(spacing, (0.0, 0.0, 0.0), direction)


def test_same_grid_says_what_differs() -> None:
    shape = (10, 20, 30)
    assert same_grid(PLAIN, PLAIN, shape, shape) == []
    assert same_grid(PLAIN, None, shape, (*shape, 3)) == []
    assert "30 × 20 × 10 against 30 × 20 × 11" in same_grid(PLAIN, PLAIN, shape, (11, 20, 30))[0]

    moved = Geometry(PLAIN.spacing_xyz, (11.0, 20.0, 30.0), IDENTITY)
    assert any("origin" in text for text in same_grid(PLAIN, moved, shape, shape))
    stretched = Geometry((1.0, 2.0, 3.1), PLAIN.origin_xyz, IDENTITY)
    assert any("voxel size" in text for text in same_grid(PLAIN, stretched, shape, shape))
    mirrored = Geometry(PLAIN.spacing_xyz, PLAIN.origin_xyz, (-1.0, *IDENTITY[1:]))
    assert any("orientation" in text for text in same_grid(PLAIN, mirrored, shape, shape))


def test_a_rounding_of_the_origin_is_no_difference() -> None:
    rounded = Geometry(PLAIN.spacing_xyz, (10.00001, 20.0, 30.0), IDENTITY)
    assert same_grid(PLAIN, rounded, (100, 100, 100), (100, 100, 100)) == []


def test_shear_is_measured() -> None:
    assert PLAIN.shear_degrees() == 0
    matrix = PLAIN.matrix
    matrix[1, 2] = 3.0 * np.tan(np.radians(18.5))
    assert Geometry.from_matrix(matrix).shear_degrees() == pytest.approx(18.5)
