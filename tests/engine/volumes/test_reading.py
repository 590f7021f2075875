from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.errors import ScanUnreadable
from engine.volumes.reading import read_mask, read_mask_here, read_scan_here


def written(voxels: np.ndarray, path: Path) -> Path:
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path))
    return path


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float32, np.float64])
def test_number_types(suffix: str, kind: type, tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).integers(0, 120, (3, 4, 5)).astype(kind)
    scan = read_scan_here(written(voxels, tmp_path / f"s{suffix}"))
    assert np.array_equal(scan.voxels, voxels)
    assert scan.voxels.dtype.itemsize <= 4
    mask = read_mask_here(tmp_path / f"s{suffix}")
    assert mask.voxels.dtype == np.uint8
    assert np.array_equal(mask.voxels, voxels)


def test_values_beyond_16_bits_stay(tmp_path: Path) -> None:
    voxels = np.array([[[0, 70_000, -70_000]]], np.int32)
    assert np.array_equal(read_scan_here(written(voxels, tmp_path / "s.nrrd")).voxels, voxels)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii", ".nii.gz"])
def test_voxels_without_a_number_are_filled_and_told(suffix: str, tmp_path: Path) -> None:
    voxels = np.linspace(-5, 5, 60, dtype=np.float32).reshape(3, 4, 5)
    voxels[0, 0, 1], voxels[2, 2, 2] = np.nan, np.inf
    scan = read_scan_here(written(voxels, tmp_path / f"s{suffix}"))
    assert scan.voxels[0, 0, 1] == -5
    assert scan.voxels[2, 2, 2] == -5
    assert any("2 voxels hold no number" in note for note in scan.notes)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii", ".nii.gz"])
def test_a_scan_of_nothing_is_refused(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(ScanUnreadable, match="holds no numbers"):
        read_scan_here(written(np.full((3, 4, 5), np.nan, np.float32), tmp_path / f"s{suffix}"))


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "no number"), (0.5, "fractions"), (-1.0, "from -1 to"), (70_000.0, "to 70000")]
)
def test_masks_hold_whole_numbers(value: float, words: str, tmp_path: Path) -> None:
    voxels = np.zeros((3, 4, 5), np.float32)
    voxels[1, 1, 1] = value
    file = written(voxels, tmp_path / "m.nrrd")
    for read in (read_mask_here, read_mask):
        with pytest.raises(ScanUnreadable, match=words) as caught:
            read(file)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "words"),
    [("a+orig.HEAD", "3dAFNItoNIFTI"), ("a.PAR", "parrec2nii"), ("a.dcm.gz", "gunzip"), ("study.zip", "Unpack")],
)
def test_kinds_of_other_programs_say_how_to_convert_them(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"some content")
    with pytest.raises(ScanUnreadable, match="not read here") as caught:
        read_scan_here(tmp_path / name)
    assert words in caught.value.hint
