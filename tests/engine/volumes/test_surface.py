from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled
from engine.volumes import surface as surface_module
from engine.volumes.geometry import Geometry
from engine.volumes.stl import write_stl
from engine.volumes.surface import Surface, coarser, signed_volume, surface_of

STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
MIRRORED = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
TURN = np.deg2rad(30)
OBLIQUE = (np.cos(TURN), 0.0, np.sin(TURN), 0.0, 1.0, 0.0, -np.sin(TURN), 0.0, np.cos(TURN))
SHEARED = (1.0, 0.0, 0.2, 0.0, 1.0, 0.0, 0.0, 0.0, float(np.sqrt(1 - 0.04)))
RADIUS = 14.0


def ball(geometry: Geometry, shape: tuple[int, int, int] = (24, 44, 50)) -> tuple[np.ndarray, np.ndarray]:
    """All voxels within RADIUS mm of the middle, in the world; and the middle."""
    index = np.moveaxis(np.indices(shape), 0, -1)[..., ::-1]
    world = index @ geometry.matrix[:3, :3].T + geometry.matrix[:3, 3]
    middle = np.array(geometry.world_of(tuple((size - 1) / 2 for size in shape)))  # type: ignore[arg-type]
    return np.linalg.norm(world - middle, axis=-1) < RADIUS, middle


@pytest.mark.parametrize("direction", [STRAIGHT, MIRRORED, OBLIQUE, SHEARED])
def test_a_ball_is_where_and_as_large_as_it_is_in_the_world(direction: tuple[float, ...]) -> None:
    geometry = Geometry((0.8, 0.9, 1.7), (12.0, -30.0, 5.0), direction)
    mask, middle = ball(geometry)
    found = surface_of(mask, geometry, 100_000)
    assert found is not None
    far = np.linalg.norm(found.vertices - middle, axis=1)
    assert far == pytest.approx(np.full(len(far), RADIUS), abs=1.0)
    assert found.volume_ml == pytest.approx(mask.sum() * geometry.voxel_ml, rel=0.02)
    outwards = (found.vertices - middle) / far[:, None]
    assert np.einsum("ij,ij->i", outwards, found.normals).min() > 0.8


def edges_of(found: Surface) -> np.ndarray:
    """How many triangles run along each edge in each of its two directions."""
    ways = np.concatenate([found.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))]).astype(np.int64)
    count = len(found.vertices)
    there, back = ways[:, 0] * count + ways[:, 1], ways[:, 1] * count + ways[:, 0]
    return np.stack([np.unique(side, return_counts=True)[1] for side in (there, back)])


def test_surfaces_are_closed_whatever_the_mask() -> None:
    mask = np.random.default_rng(0).random((9, 12, 15)) > 0.6
    found = surface_of(mask, Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT), 1_000_000)
    assert found is not None
    there, back = edges_of(found)
    assert np.array_equal(there, back)
    assert np.isfinite(found.vertices).all()


def test_a_mask_at_the_edge_of_the_scan_is_closed_too() -> None:
    geometry = Geometry((1.0, 2.0, 3.0), (0.0, 0.0, 0.0), STRAIGHT)
    found = surface_of(np.ones((5, 6, 7), np.uint8), geometry, 100_000)
    assert found is not None
    assert found.volume_ml == pytest.approx(5 * 6 * 7 * geometry.voxel_ml, rel=0.12)  # its edges are rounded


def test_a_lone_voxel_beside_a_ball_is_seen_and_leaves_the_ball_as_it_was() -> None:
    geometry = Geometry((0.8, 0.9, 1.7), (12.0, -30.0, 5.0), OBLIQUE)
    mask, _ = ball(geometry)
    alone = surface_of(mask, geometry, 100_000)
    mask[0, 0, 0] = mask[23, 43, 49] = True
    both = surface_of(mask, geometry, 100_000)
    assert alone is not None
    assert both is not None
    assert both.volume_ml - alone.volume_ml == pytest.approx(2 * geometry.voxel_ml, rel=1e-3)
    assert len(both.vertices) == len(alone.vertices) + 16


def test_one_voxel_and_one_thin_line_have_a_surface_and_no_voxel_has_none() -> None:
    geometry = Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT)
    mask = np.zeros((40, 40, 40), np.bool_)
    assert surface_of(mask, geometry, 100_000) is None
    mask[20, 20, 20] = True
    found = surface_of(mask, geometry, 100_000)
    assert found is not None
    assert found.vertices.min(axis=0).tolist() == [19.5, 19.5, 19.5]  # a box of the voxel's size
    assert found.vertices.max(axis=0).tolist() == [20.5, 20.5, 20.5]
    mask[20, 20, :] = True
    found = surface_of(mask, geometry, 100_000)
    assert found is not None
    assert found.volume_ml == pytest.approx(40 / 1000)
    found = surface_of(mask, geometry, 60)  # so few that several voxels must be taken together
    assert found is not None
    assert max(found.block_zyx) > 1


def test_it_has_no_more_triangles_than_were_asked_for() -> None:
    geometry = Geometry((0.8, 0.8, 3.0), (0.0, 0.0, 0.0), STRAIGHT)
    mask, _ = ball(geometry, (12, 60, 60))
    sizes = []
    for most, wrong in ((100_000, 0.02), (3_000, 0.05), (400, 0.2)):
        found = surface_of(mask, geometry, most)
        assert found is not None
        assert len(found.triangles) <= most
        assert found.volume_ml == pytest.approx(mask.sum() * geometry.voxel_ml, rel=wrong)
        sizes.append(found.block_zyx)
    assert sizes[0] == (1, 1, 1)
    assert sizes[1] < sizes[2]


def test_blocks_are_as_near_to_cubes_as_whole_voxels_allow() -> None:
    assert coarser((1, 1, 1), (40, 400, 400), (5.0, 1.0, 1.0), 40 * 400 * 400) == (1, 1, 1)
    assert coarser((1, 1, 1), (40, 400, 400), (5.0, 1.0, 1.0), 40 * 80 * 80) == (1, 5, 5)
    assert coarser((1, 1, 1), (1, 1, 4), (1.0, 1.0, 1.0), 0) == (1, 1, 4)


def test_it_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    geometry = Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STRAIGHT)
    mask, _ = ball(geometry)
    cancel = CancelToken()
    monkeypatch.setattr(surface_module, "_smoothed", lambda *_: pytest.fail("went on"))
    cancel.cancel()
    with pytest.raises(Cancelled):
        surface_of(mask, geometry, 100_000, cancel)


def test_stl_holds_the_same_triangles(tmp_path: Path) -> None:
    geometry = Geometry((1.0, 1.0, 2.0), (3.0, 4.0, 5.0), OBLIQUE)
    mask, _ = ball(geometry)
    found = surface_of(mask, geometry, 5_000)
    assert found is not None
    write_stl([found, found], tmp_path / "ball.stl")
    content = (tmp_path / "ball.stl").read_bytes()
    assert content[:80].startswith(b"SPACE=LPS")
    (count,) = struct.unpack_from("<I", content, 80)
    assert count == 2 * len(found.triangles)
    assert len(content) == 84 + 50 * count
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])
    rows = np.frombuffer(content, kind, offset=84)
    corners = rows["corners"][: len(found.triangles)].reshape(-1, 3).astype(np.float64)
    order = np.arange(len(corners)).reshape(-1, 3)
    assert signed_volume(corners, order) / 1000 == pytest.approx(found.volume_ml, rel=1e-5)
    assert np.linalg.norm(rows["normal"], axis=1) == pytest.approx(np.ones(count), abs=1e-4)
