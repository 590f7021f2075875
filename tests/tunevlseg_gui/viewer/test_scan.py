from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import ScanUnreadable
from engine.volumes.geometry import Geometry
from engine.volumes.view_export import export_for_view
from engine.volumes.volume import Volume
from tunevlseg_gui.viewer.scan import map_array, scan_of_folder, scan_of_result
from tunevlseg_gui.viewer.window_level import WindowLevel


@pytest.fixture
def exported(tmp_path: Path, geometry: Geometry) -> dict[str, object]:
    voxels = np.full((3, 4, 5), -1000, np.int16)
    voxels[1] = 60
    return {**export_for_view(Volume(voxels, geometry, notes=("turned",)), tmp_path), "folder": str(tmp_path)}


def test_what_the_engine_prepared_is_mapped_and_not_read(exported: dict[str, object], geometry: Geometry) -> None:
    scan = scan_of_result(Path("ct.nii.gz"), exported)
    assert isinstance(scan.voxels, np.memmap)
    assert scan.shape_zyx == (3, 4, 5)
    assert scan.geometry == geometry
    assert scan.window == WindowLevel(40, 400)
    assert (scan.unit, scan.notes) == ("HU", ("turned",))
    assert scan.in_words() == "5 × 4 × 3 voxels of 1 × 1 × 4 mm"
    assert scan.voxel_ml == pytest.approx(0.004)


def test_a_prepared_view_can_be_opened_again(exported: dict[str, object], tmp_path: Path) -> None:
    assert scan_of_folder(Path("ct.nii.gz"), tmp_path).shape_zyx == (3, 4, 5)


def test_a_picture_has_no_millimetres(tmp_path: Path) -> None:
    result = export_for_view(Volume(np.zeros((1, 6, 8, 3), np.uint8), None), tmp_path)
    scan = scan_of_result(Path("p.png"), {**result, "folder": str(tmp_path)})
    assert scan.is_picture
    assert scan.is_colour
    assert scan.voxel_ml is None
    assert scan.in_words() == "picture, 8 × 6 pixels"


def test_a_damaged_view_is_told(exported: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "voxels.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ScanUnreadable, match=r"voxels\.npy is missing or damaged"):
        scan_of_result(Path("ct.nii.gz"), exported)
    with pytest.raises(ScanUnreadable):
        map_array(tmp_path / "no.npy")
    with pytest.raises(ScanUnreadable, match="cannot be understood"):
        scan_of_result(Path("ct.nii.gz"), {"folder": str(tmp_path)})
