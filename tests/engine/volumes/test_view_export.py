from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.errors import ScanUnreadable
from engine.volumes.geometry import Geometry
from engine.volumes.slicing import PLANES, SliceStack
from engine.volumes.view_export import DESCRIPTION, export_for_view, open_for_view
from engine.volumes.volume import Volume

CT = Volume(
    np.random.default_rng(0).integers(-1000, 900, (4, 5, 6)).astype(np.int16),
    Geometry((0.5, 0.7, 3.0), (1.0, 2.0, 3.0), (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)),
    format="nifti",
    notes=("told",),
)


def test_the_window_can_make_the_same_slices(tmp_path: Path) -> None:
    returned = export_for_view(CT, tmp_path / "view")
    described = json.loads((tmp_path / "view" / DESCRIPTION).read_text())
    assert described == returned
    voxels = np.load(tmp_path / "view" / described["voxels"], mmap_mode="r")
    for plane in PLANES:
        seen = SliceStack(voxels, Geometry.from_dict(described["geometry"]), plane)
        assert np.array_equal(seen.slices, SliceStack(CT.voxels, CT.geometry, plane).slices)
        assert described["planes"][plane]["slices"] == len(seen)
        assert described["planes"][plane]["edges"] == list(seen.edge_letters)
    assert described["window"] == {"center": 40.0, "width": 400.0}
    assert described["display_range"] == [-160, 240]
    assert described["value_range"] == [int(CT.voxels.min()), int(CT.voxels.max())]
    assert described["notes"] == ["told"]
    assert sorted(os.listdir(tmp_path / "view")) == ["scan.json", "voxels.npy"]


def test_a_picture_from_its_file(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (8, 9, 3)).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "p.png")
    described = open_for_view(tmp_path / "p.png", tmp_path / "view")
    assert described["geometry"] is None
    assert described["window"] is None
    assert described["display_range"] == [0, 255]
    assert described["shape"] == [1, 8, 9, 3]
    assert np.array_equal(np.load(tmp_path / "view" / "voxels.npy")[0], rgb)


def test_an_unreadable_scan_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(b"x")
    with pytest.raises(ScanUnreadable):
        open_for_view(tmp_path / "p.png", tmp_path / "view")
    assert not (tmp_path / "view").exists()
