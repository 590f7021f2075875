"""Slices that can be looked at before the scan is read are those that the scan has in the end."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.errors import Cancelled, ScanUnreadable
from engine.volumes import early as early_module
from engine.volumes.early import EarlySlices, Grown
from engine.volumes.reading import read_scan_here
from engine.volumes.view_export import open_for_view
from tests.fakes.dicom_files import evenly, write_series

SHAPE = (7, 20, 30)


class Looking:
    """Remembers what was told, and what the file held at that moment."""

    def __init__(self, folder: Path) -> None:
        self.told: list[Grown] = []
        self.seen: list[np.ndarray[Any, Any]] = []
        self.early = EarlySlices(folder / "early.npy", self._hear)

    def _hear(self, grown: Grown) -> None:
        self.told.append(grown)
        self.seen.append(np.load(grown.file).copy())


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looking]:
    monkeypatch.setattr(early_module, "PAUSE_S", 0.0)  # every slice is told
    made = Looking(tmp_path)
    yield made
    made.early.close()


def volume_file(path: Path, kind: type = np.int16, *, packed: bool = True, shape: tuple[int, ...] = SHAPE) -> Path:
    voxels = np.random.default_rng(0).integers(0, 120, shape).astype(kind)
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((0.5, 0.75, 3.0))
    image.SetOrigin((-10.0, 4.0, 7.0))
    image.SetDirection((0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    sitk.WriteImage(image, str(path), packed)
    return path


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, np.uint16])
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_packed_files_show_every_slice_on_the_way(tmp_path: Path, looking: Looking, ending: str, kind: type) -> None:
    scan = read_scan_here(volume_file(tmp_path / f"scan{ending}", kind), early=looking.early)
    assert [(one.first, one.last) for one in looking.told] == [(0, number) for number in range(1, 8)]
    for one, seen in zip(looking.told, looking.seen, strict=True):
        assert np.array_equal(seen[: one.last], scan.voxels[: one.last])
        assert not seen[one.last :].any()
    geometry = looking.told[0].geometry
    assert geometry is not None
    assert scan.geometry is not None
    assert np.allclose(geometry.matrix, scan.geometry.matrix, atol=1e-5)


@pytest.mark.parametrize("ending", [".nii", ".nrrd", ".mha"])
def test_plain_files_show_the_middle_at_once(tmp_path: Path, looking: Looking, ending: str) -> None:
    scan = read_scan_here(volume_file(tmp_path / f"scan{ending}", packed=False), early=looking.early)
    assert [(one.first, one.last) for one in looking.told] == [(3, 4)]
    assert np.array_equal(looking.seen[0][3], scan.voxels[3])


def test_slope_and_intercept_count(tmp_path: Path, looking: Looking) -> None:
    path = volume_file(tmp_path / "scan.nii.gz")
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[112:120] = np.array([0.5, -3.0], "<f4").tobytes()
    path.write_bytes(gzip.compress(bytes(content)))
    scan = read_scan_here(path, early=looking.early)
    assert np.allclose(looking.seen[-1], scan.voxels, atol=1e-4)


def test_one_volume_of_several_is_the_one_that_is_shown(tmp_path: Path, looking: Looking) -> None:
    voxels = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    series = sitk.JoinSeries([sitk.GetImageFromArray(one) for one in voxels])
    sitk.WriteImage(series, str(tmp_path / "scan.nii.gz"))
    scan = read_scan_here(tmp_path / "scan.nii.gz", "2", looking.early)
    assert np.array_equal(scan.voxels, voxels[1])
    assert np.array_equal(looking.seen[-1], voxels[1])


def test_a_series_grows_from_its_middle(tmp_path: Path, looking: Looking) -> None:
    write_series(tmp_path / "ct", evenly(5), WindowCenter=40, WindowWidth=400)
    scan = read_scan_here(tmp_path / "ct", early=looking.early)
    assert [(one.first, one.last) for one in looking.told] == [(2, 3), (1, 3), (1, 4), (0, 4), (0, 5)]
    assert np.array_equal(looking.seen[-1], scan.voxels)
    assert np.array_equal(looking.seen[0][2], scan.voxels[2])
    assert looking.told[0].window == scan.window
    assert np.array_equal(read_scan_here(tmp_path / "ct").voxels, scan.voxels)


def test_reading_goes_on_where_the_file_cannot_be_written(tmp_path: Path, looking: Looking) -> None:
    early = EarlySlices(tmp_path / "nowhere" / "early.npy", looking.told.append)
    scan = read_scan_here(volume_file(tmp_path / "scan.nii.gz"), early=early)
    early.close()
    assert scan.shape_zyx == SHAPE
    assert looking.told == []


def test_for_a_view_voxels_are_moved_and_nothing_else_stays(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    described = open_for_view(volume_file(tmp_path / "scan.nii.gz"), tmp_path / "view", "", heard.append)
    assert sorted(file.name for file in (tmp_path / "view").iterdir()) == ["scan.json", "voxels.npy"]
    assert np.array_equal(np.load(tmp_path / "view" / "voxels.npy"), read_scan_here(tmp_path / "scan.nii.gz").voxels)
    assert heard[0]["slices"] == described["shape"][0]
    assert heard[0]["geometry"]["spacing_xyz"] == pytest.approx(described["geometry"]["spacing_xyz"])


@pytest.mark.parametrize("fault", [Cancelled(), KeyboardInterrupt()])
def test_who_looks_may_end_it(tmp_path: Path, fault: BaseException) -> None:
    def stop(_first_look: dict[str, Any]) -> None:
        raise fault

    with pytest.raises(type(fault)):
        open_for_view(volume_file(tmp_path / "scan.nii.gz"), tmp_path / "view", "", stop)
    assert not (tmp_path / "view").exists()


def test_a_damaged_end_is_found_although_slices_were_shown(tmp_path: Path) -> None:
    path = volume_file(tmp_path / "scan.nii.gz", shape=(5, 600, 600))  # more than is unpacked at once
    content = bytearray(path.read_bytes())
    content[-6] ^= 0xFF  # of the checksum
    path.write_bytes(bytes(content))
    heard: list[dict[str, Any]] = []
    with pytest.raises(ScanUnreadable, match="damaged"):
        open_for_view(path, tmp_path / "view", "", heard.append)
    assert heard
    assert not (tmp_path / "view").exists()
