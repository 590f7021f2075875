"""Files of several volumes, of which one is chosen; NIfTI-2 and headers beside their voxels."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.errors import ScanUnreadable
from engine.volumes.geometry import max_corner_shift
from engine.volumes.reading import list_series, list_series_here, read_scan, read_scan_here
from engine.volumes.writing import write_mask
from tests.fakes.volume_files import as_nifti_2, nrrd

SERIES = np.random.default_rng(0).integers(-900, 900, (4, 5, 7, 9)).astype(np.int16)


def four_dimensional(path: Path) -> Path:
    image = sitk.GetImageFromArray(SERIES, isVector=False)
    image.SetSpacing((0.5, 0.75, 3.0, 2.0))
    image.SetOrigin((10.0, -20.0, 30.0, 0.0))
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_each_volume_of_a_series_can_be_chosen(suffix: str, tmp_path: Path) -> None:
    file = four_dimensional(tmp_path / f"time{suffix}")
    entries = list_series(file)
    assert [entry.part for entry in entries] == [f"volume {n} of 4" for n in range(1, 5)]
    assert (entries[0].slices, entries[0].height, entries[0].width) == (5, 7, 9)
    for entry, expected in zip(entries, SERIES, strict=True):
        scan = read_scan(file, entry.id)
        assert np.array_equal(scan.voxels, expected)
        assert scan.geometry is not None
        assert scan.geometry.spacing_xyz == pytest.approx((0.5, 0.75, 3.0))
        assert scan.geometry.origin_xyz == pytest.approx((10.0, -20.0, 30.0))
    # Its mask is a volume of its own, on the same grid.
    labels = (SERIES[2] > 0).astype(np.uint8)
    scan = read_scan_here(file, "3")
    back = read_scan_here(write_mask(labels, tmp_path / f"mask{suffix}", scan))
    assert np.array_equal(back.voxels, labels)
    assert max_corner_shift(scan.geometry, back.geometry, labels.shape) < 1e-3


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_series_without_a_choice_is_refused_with_the_way_to_choose(suffix: str, tmp_path: Path) -> None:
    file = four_dimensional(tmp_path / f"time{suffix}")
    with pytest.raises(ScanUnreadable, match="several volumes") as caught:
        read_scan_here(file)
    assert "--series 1" in caught.value.hint
    for wrong in ("5", "0", "-1", "last"):
        with pytest.raises(ScanUnreadable, match=r"no volume .*it holds 4"):
            read_scan_here(file, wrong)


def test_one_volume_needs_no_choice(tmp_path: Path) -> None:
    file = tmp_path / "one.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(SERIES[0]), str(file))
    assert list_series_here(file) == []
    assert np.array_equal(read_scan_here(file, "1").voxels, SERIES[0])


def nifti_1(path: Path) -> bytes:
    """The bytes of an oblique NIfTI-1 file with an intercept."""
    image = sitk.GetImageFromArray(SERIES[0])
    angle = 0.3
    image.SetDirection((np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0, 0, 0, -1))
    image.SetSpacing((0.5, 0.75, 3.0))
    image.SetOrigin((10.5, -20.25, 30.0))
    sitk.WriteImage(image, str(path))
    raw = bytearray(path.read_bytes())
    struct.pack_into("<2f", raw, 112, 2.0, -1024.0)
    path.write_bytes(raw)
    return bytes(raw)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("form", ["one", "gzipped", "pair"])
def test_nifti_2_is_read_as_nifti_1_is(form: str, order: str, tmp_path: Path) -> None:
    raw = nifti_1(tmp_path / "one.nii")
    expected = read_scan_here(tmp_path / "one.nii")
    voxels = np.frombuffer(raw, "<i2", offset=352).astype(f"{order}i2").tobytes()
    if form == "pair":
        file = tmp_path / "two.hdr"
        file.write_bytes(as_nifti_2(raw, order, b"ni2", 0) + bytes(4))
        (tmp_path / "two.img").write_bytes(voxels)
    else:
        content = as_nifti_2(raw, order, b"n+2", 544) + bytes(4) + voxels
        file = tmp_path / ("two.nii.gz" if form == "gzipped" else "two.nii")
        file.write_bytes(gzip.compress(content) if form == "gzipped" else content)
    scan = read_scan_here(file)
    assert np.array_equal(scan.voxels, expected.voxels)
    assert int(scan.voxels.min()) < -1500  # slope and intercept were used
    assert max_corner_shift(expected.geometry, scan.geometry, scan.shape_zyx) < 1e-4
    back = read_scan_here(write_mask((scan.voxels > 0).astype(np.uint8), tmp_path / "mask.nii.gz", scan))
    assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < 1e-3


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_beside_its_voxels(packed: bool, tmp_path: Path) -> None:
    raw = bytearray(nifti_1(tmp_path / "one.nii"))
    expected = read_scan_here(tmp_path / "one.nii")
    struct.pack_into("<f", raw, 108, 0)
    raw[344:348] = b"ni1\0"
    (tmp_path / "two.hdr").write_bytes(raw[:352])
    with pytest.raises(ScanUnreadable, match="only a header"):
        read_scan_here(tmp_path / "two.hdr")
    image = tmp_path / ("two.img.gz" if packed else "two.img")
    voxels = bytes(raw[352:])
    image.write_bytes(gzip.compress(voxels) if packed else voxels)
    scan = read_scan_here(tmp_path / "two.hdr")
    assert np.array_equal(scan.voxels, expected.voxels)
    assert scan.geometry == expected.geometry
    if not packed:
        with pytest.raises(ScanUnreadable, match="not read") as caught:
            read_scan_here(image)
        assert ".hdr" in caught.value.hint
    image.write_bytes(image.read_bytes()[:-40])
    with pytest.raises(ScanUnreadable, match=r"too early|damaged"):
        read_scan_here(tmp_path / "two.hdr")


def test_tables_and_files_without_a_side_are_refused_by_their_fault(tmp_path: Path) -> None:
    raw = bytearray(nifti_1(tmp_path / "one.nii"))
    wide = bytearray(as_nifti_2(bytes(raw), "<", b"n+2", 544))
    struct.pack_into("<2q", wide, 16, 3, 91_282)
    (tmp_path / "table.nii").write_bytes(bytes(wide) + bytes(100))
    with pytest.raises(ScanUnreadable, match="sizes that no scan has"):
        read_scan_here(tmp_path / "table.nii")
    raw[344:348] = bytes(4)
    (tmp_path / "old.hdr").write_bytes(raw[:348])
    with pytest.raises(ScanUnreadable, match="which side is left"):
        read_scan_here(tmp_path / "old.hdr")


@pytest.mark.parametrize("packing", ["raw", "gzip", "bzip2"])
def test_packed_nrrd(packing: str, tmp_path: Path) -> None:
    values = SERIES[0].transpose(2, 1, 0)
    scan = read_scan_here(nrrd(tmp_path / "s.nrrd", values, kinds="domain domain domain", packing=packing))
    assert np.array_equal(scan.voxels, SERIES[0])
    assert scan.geometry is not None
    assert np.allclose(scan.geometry.matrix[:3], [[0, 0.8, 0, 5], [0.9, 0, 0, -7], [0, 0, -2, 91]])


@pytest.mark.parametrize("packing", ["raw", "gzip", "bzip2"])
@pytest.mark.parametrize("kinds", ["list domain domain domain", "domain domain domain time"])
def test_volumes_along_another_axis_of_an_nrrd(kinds: str, packing: str, tmp_path: Path) -> None:
    values = SERIES.transpose(0, 3, 2, 1) if kinds.startswith("list") else SERIES.transpose(3, 2, 1, 0)
    file = nrrd(tmp_path / "t.nrrd", values, kinds=kinds, packing=packing)
    assert len(list_series_here(file)) == 4
    for number in (1, 4):
        scan = read_scan_here(file, str(number))
        assert np.array_equal(scan.voxels, SERIES[number - 1])
        assert scan.geometry is not None
        assert np.allclose(scan.geometry.matrix[:3], [[0, 0.8, 0, 5], [0.9, 0, 0, -7], [0, 0, -2, 91]])
