"""Real scans, oblique, mirrored and tilted ones among them, through every format that a mask can have, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import InputError, ScanUnreadable
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import mask_format
from engine.volumes.geometry import max_corner_shift
from engine.volumes.headers.nifti import SIZE
from engine.volumes.reading import read_mask_here, read_scan_here
from engine.volumes.segments import NamedMask, Saving
from engine.volumes.volume import Volume
from engine.volumes.writing import holds_segments, writable_suffixes, write_mask, write_segments
from tests.fakes.dicom_files import evenly, write_series

SCANS = [
    "dcmqi_dicom_seg/ct-3slice",
    "dcmqi_dicom_seg/24x38x3/multiframe/mf.dcm",
    "pydicom_data_multiframe/eCT_Supplemental.dcm",
    "highdicom_dicom_seg/ct_image.dcm",
    "totalsegmentator_ct/example_ct.nii.gz",
    "torchio_brain_mr/t2.nii.gz",  # oblique
    "pyradiomics_nrrd/*image*.nrrd",
    "niivue_nifti_odd/FLAIR.nrrd",  # oblique by 19 degrees
    "niivue_nifti_odd/LAS_drawing_correct.nii.gz",
    "niivue_nifti_odd/nifti_space/A*.nii.gz",
    "niivue_nifti_odd/mha.mha",
    "niivue_nifti_odd/enh.dcm",
    "sct_spine_mr/t*/t?.nii.gz",
]


def scans(shared_data: Path) -> list[Volume]:
    found = []
    for pattern in SCANS:
        for path in sorted(shared_data.glob(pattern))[:6]:
            try:
                found.append(read_scan_here(path))
            except ScanUnreadable:
                continue  # complex numbers and the like
    return [scan for scan in found if scan.geometry is not None and not scan.is_colour]


def drawn(scan: Volume) -> list[NamedMask]:
    """Two boxes that overlap, away from the borders."""
    z, y, x = scan.shape_zyx
    masks = [np.zeros(scan.shape_zyx, bool) for _ in range(2)]
    masks[0][: z // 2 + 1, y // 4 : y // 2, x // 4 : x // 2] = True
    masks[1][z // 2 :, y // 3 : y - 2, x // 3 : x - 2] = True
    return [NamedMask(name, value, mask) for name, value, mask in zip("ab", (1, 2), masks, strict=True)]


def test_every_real_scan_goes_through_every_format(shared_data: Path, tmp_path: Path) -> None:
    seen = set()
    volumes = scans(shared_data)
    assert {scan.format for scan in volumes} >= {"dicom", "nifti", "nrrd"}
    for scan in volumes:
        assert scan.path is not None
        segments = drawn(scan)
        flat = np.where(segments[0].voxels, 1, 0) + np.where(segments[1].voxels & ~segments[0].voxels, 2, 0)
        for suffix in writable_suffixes():
            file = tmp_path / f"m{suffix}"
            if suffix in (".png", ".tif", ".tiff") or (suffix == ".dcm" and scan.format != "dicom"):
                with pytest.raises(InputError):
                    write_mask(flat if scan.shape_zyx[0] > 1 else np.zeros((2, 2, 2)), file, scan)
                continue
            if holds_segments(file):
                write_segments(segments, file, scan, Saving(identity="deidentify"))
                stored = FORMATS.get(mask_format(file) or "")().read_segments(file)
                placed = stored.onto(scan.geometry, scan.shape_zyx)
                assert placed is not None, (scan.path, suffix)
                for segment, known in zip(segments, placed, strict=True):
                    assert segment.name == known.name
                    assert np.array_equal(segment.voxels, known.voxels), (scan.path, suffix)
            else:
                write_mask(flat, file, scan)
                back = read_mask_here(file)
                assert np.array_equal(back.voxels, flat), (scan.path, suffix)
                assert back.geometry is not None
                assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < 1e-3, (scan.path, suffix)
            seen.add((scan.format, suffix))
    assert {("dicom", ".dcm"), ("nifti", ".seg.nrrd"), ("nrrd", ".nii.gz"), ("dicom", ".seg.nrrd")} <= seen


def test_a_receipt_leaves_the_header_of_a_nifti_alone(shared_data: Path, tmp_path: Path) -> None:
    """Geometry byte for byte, whether a receipt is kept or not: it lies beside the file."""
    scan = read_scan_here(shared_data / "torchio_brain_mr" / "t2.nii.gz")
    mask = np.zeros(scan.shape_zyx, np.uint8)
    for name, receipt in (("plain.nii", ""), ("kept.nii", '{"receipt": 1}')):
        header = write_mask(mask, tmp_path / name, scan, receipt).read_bytes()[:SIZE]
        # pixdim; qform and sform with their codes (NIfTI-1 header).
        assert header[76:108] == scan.header[76:108]
        assert header[252:328] == scan.header[252:328]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.nii", "kept.nii.receipt.json", "plain.nii"]


def test_a_tilted_series_keeps_its_slant(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", evenly(6, step=(0.0, 0.8, 2.5)), shape=(12, 14))
    scan = read_scan_here(tmp_path / "ct")
    assert scan.geometry is not None
    assert scan.geometry.shear_degrees() > 10
    for suffix in (".seg.nrrd", ".nrrd", ".dcm"):
        file = write_mask(np.ones(scan.shape_zyx, np.uint8), tmp_path / f"m{suffix}", scan)
        back = read_mask_here(file)
        assert back.geometry is not None
        assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < 1e-3
