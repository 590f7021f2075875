from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.jobs import Surface
from engine.jobs.surface import run
from engine.volumes.geometry import Geometry
from engine.volumes.view_export import export_for_view
from engine.volumes.volume import Volume

GRID = Geometry((1.0, 1.0, 2.0), (5.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))


@pytest.fixture
def masks(tmp_path: Path) -> list[str]:
    """A block of 6 × 8 × 10 voxels, and nothing."""
    full = np.zeros((12, 16, 20), np.uint8)
    export_for_view(Volume(full, GRID), tmp_path / "view")
    np.save(tmp_path / "none.npy", full)
    full[3:9, 4:12, 5:15] = 255
    np.save(tmp_path / "block.npy", full)
    return [str(tmp_path / "block.npy"), str(tmp_path / "none.npy")]


def surfaces(tmp_path: Path, masks: list[str], **more: Any) -> dict[str, Any]:
    job = Surface(masks, str(tmp_path / "out"), str(tmp_path / "view"), **more)
    return run(job, lambda _event: None, CancelToken(), "job")


def test_files_of_each_mask_and_none_of_an_empty_one(tmp_path: Path, masks: list[str]) -> None:
    first, second = surfaces(tmp_path, masks)["surfaces"]
    assert second is None
    vertices, normals, triangles = (np.load(first[name]) for name in ("vertices", "normals", "triangles"))
    assert vertices.shape == normals.shape
    assert triangles.shape == (first["count"], 3)
    assert triangles.max() < len(vertices)
    # Voxels 5 to 14 along x, from 5 mm on, with half a voxel about them.
    assert (vertices[:, 0].min(), vertices[:, 0].max()) == pytest.approx((9.5, 19.5), abs=0.5)


def test_stl_is_not_written_over_unasked(tmp_path: Path, masks: list[str]) -> None:
    target = tmp_path / "a.stl"
    surfaces(tmp_path, masks, stl=str(target))
    before = target.read_bytes()
    assert len(before) > 84
    with pytest.raises(InputError, match="there already"):
        surfaces(tmp_path, masks, stl=str(target))
    surfaces(tmp_path, masks, stl=str(target), overwrite=True)
    assert target.read_bytes() == before


def test_what_cannot_be_used_is_told(tmp_path: Path, masks: list[str]) -> None:
    with pytest.raises(InputError, match="empty"):
        surfaces(tmp_path, masks[1:], stl=str(tmp_path / "b.stl"))
    with pytest.raises(InputError, match="no longer there"):
        surfaces(tmp_path, [str(tmp_path / "gone.npy")])
    np.save(tmp_path / "flat.npy", np.zeros((3, 3), np.uint8))
    with pytest.raises(InputError, match="no mask"):
        surfaces(tmp_path, [str(tmp_path / "flat.npy")])
    export_for_view(Volume(np.zeros((1, 4, 4), np.uint8), None), tmp_path / "view")
    with pytest.raises(InputError, match="picture"):
        surfaces(tmp_path, masks)
