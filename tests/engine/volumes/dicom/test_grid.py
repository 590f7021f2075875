"""Slices are sorted along their normal and form one grid, or the reason is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import ScanUnreadable
from engine.volumes.geometry import max_corner_shift
from engine.volumes.reading import list_series_here, read_mask_here, read_scan_here
from engine.volumes.writing import write_mask
from tests.fakes.dicom_files import evenly, pattern, placed, write_series


@pytest.mark.parametrize("step", [(0.0, 0.0, 2.5), (0.0, 0.0, -2.5)])
def test_slices_are_sorted_by_their_place_never_by_name(step: tuple[float, ...], tmp_path: Path) -> None:
    positions = evenly(7, step)
    files = write_series(tmp_path, positions)
    scan = read_scan_here(files[0])
    order = range(7) if step[2] > 0 else reversed(range(7))
    assert np.array_equal(scan.voxels, np.stack([pattern(6, 8, i) for i in order]))
    assert scan.geometry is not None
    lowest = min(positions, key=lambda point: point[2])
    assert np.allclose(scan.geometry.origin_xyz, lowest)
    # The first number of the pixel spacing is between rows (y), the second between columns (x).
    assert np.allclose(scan.geometry.spacing_xyz, (0.5, 0.7, 2.5))
    assert scan.notes == ()


def test_every_voxel_of_an_oblique_series_lies_where_its_header_says(tmp_path: Path) -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    row, column = turn[:, 0], turn[:, 1]
    normal = np.cross(row, column)
    positions = evenly(5, tuple(-1.7 * normal), (3.0, 5.0, -700.0))
    write_series(tmp_path, positions, orientation=(*row, *column))
    scan = read_scan_here(tmp_path)
    assert scan.geometry is not None
    for index, position in enumerate(positions):
        z = next(z for z in range(5) if np.array_equal(scan.voxels[z], pattern(6, 8, index)))
        for y, x in ((0, 0), (5, 7), (2, 6)):
            expected = np.array(position) + row * 0.5 * x + column * 0.7 * y
            assert np.allclose(scan.geometry.world_of((z, y, x)), expected, atol=1e-5)


def test_a_tilted_gantry_gives_a_sheared_grid_and_is_told(tmp_path: Path) -> None:
    angle = np.deg2rad(18.5)
    tilted = (1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(-np.sin(angle)))
    positions = evenly(6, (0.0, 0.0, 5.0))
    write_series(tmp_path, positions, orientation=tilted)
    scan = read_scan_here(tmp_path)
    assert scan.geometry is not None
    assert scan.geometry.shear_degrees() == pytest.approx(18.5, abs=0.01)
    assert any("slanted by 18.5 degrees" in note for note in scan.notes)
    for z, position in enumerate(positions):
        assert np.allclose(scan.geometry.world_of((z, 0, 0)), position, atol=1e-6)
    labels = (np.arange(scan.voxels.size) % 3).reshape(scan.shape_zyx).astype(np.uint8)
    for suffix in (".nii.gz", ".nrrd", ".mha"):
        back = read_mask_here(write_mask(labels, tmp_path / f"mask{suffix}", scan))
        assert back.geometry is not None
        assert np.array_equal(back.voxels, labels)
        assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < 1e-3
    # Few programs place a sheared NIfTI rightly.
    assert list_series_here(tmp_path / "IM0001")[0].mask_suffix == ".nrrd"


@pytest.mark.parametrize(
    ("heights", "words"),
    [
        ((0, 2, 4, 8, 10), r"1 slice is missing \(after sorting, between 3 and 4\)"),
        ((0, 2, 4, 10, 12), "2 slices are missing"),
        ((0, 4.2, 5.3, 12.7), "unevenly spaced, 1.10 to 7.40 mm"),
        ((0, 2, 4, 4, 6), "1 of 5 slices lie at the place of another"),
    ],
)
def test_what_forms_no_grid_is_refused_with_the_reason(heights: tuple, words: str, tmp_path: Path) -> None:
    write_series(tmp_path, [(0.0, 0.0, float(z)) for z in heights])
    with pytest.raises(ScanUnreadable, match=words) as caught:
        read_scan_here(tmp_path)
    assert caught.value.hint


def test_slices_that_wander_sideways_are_refused(tmp_path: Path) -> None:
    positions = [(float(x), 0.0, 2.0 * z) for z, x in enumerate((0, 0, 3, 0, 0))]
    write_series(tmp_path, positions)
    with pytest.raises(ScanUnreadable, match="shifted sideways"):
        read_scan_here(tmp_path)


def test_a_little_unevenness_is_told(tmp_path: Path) -> None:
    write_series(tmp_path, [(0.0, 0.0, z) for z in (0.0, 2.0, 4.1, 6.0, 8.0)])
    assert any("1.900 to 2.100 mm apart" in note for note in read_scan_here(tmp_path).notes)


def test_a_header_that_contradicts_the_positions_is_told(tmp_path: Path) -> None:
    write_series(tmp_path, evenly(4), SpacingBetweenSlices=1.25)
    scan = read_scan_here(tmp_path)
    assert scan.geometry is not None
    assert scan.geometry.spacing_xyz[2] == pytest.approx(2.5)
    assert any("1.25 mm apart, their positions say 2.50" in note for note in scan.notes)


def test_one_slice_has_its_own_thickness_or_says_so(tmp_path: Path) -> None:
    write_series(tmp_path / "a", [(0.0, 0.0, 0.0)])
    scan = read_scan_here(tmp_path / "a")
    assert scan.geometry is not None
    assert scan.geometry.spacing_xyz[2] == 2.5
    write_series(tmp_path / "b", [(0.0, 0.0, 0.0)], SliceThickness=None)
    assert any("how thick" in note for note in read_scan_here(tmp_path / "b").notes)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "orientation"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1]}, "image orientation patient"),
        ({"PixelSpacing": [0.5, 0]}, "pixel spacing"),
        ({"RescaleSlope": 0}, "slope"),
    ],
)
def test_a_header_that_cannot_be_is_refused(wrong: dict, words: str, tmp_path: Path) -> None:
    files = write_series(tmp_path, evenly(1), **wrong)
    with pytest.raises(ScanUnreadable, match=words):
        read_scan_here(files[0])


def test_placed_writes_what_a_header_can_hold() -> None:
    assert all(len(text) <= 16 for text in placed((-101.123456789012, 2 / 3, 1e-9))["ImagePositionPatient"])
