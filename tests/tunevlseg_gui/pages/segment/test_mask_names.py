from __future__ import annotations

from pathlib import Path

import pytest

from tunevlseg_gui.pages.segment.mask_names import file_filter, is_dicom_seg, named_by, suggested_mask, with_suffix


@pytest.mark.parametrize(
    ("scan", "phrases", "name"),
    [
        ("head.nii.gz", ["left kidney"], "head_left-kidney.nii.gz"),
        ("head.NII.GZ", ["a", "b"], "head_labels.nii.gz"),
        ("a.b.nrrd", ["Leber/Ähre"], "a.b_leber-ahre.nrrd"),
        ("vol.mhd", ["x"], "vol_x.mha"),
        ("photo.jpg", ["polyp"], "photo_polyp.png"),
        ("photo.png", ["息肉"], "photo_mask.png"),
    ],
)
def test_the_name_that_is_proposed(scan: str, phrases: list[str], name: str) -> None:
    assert suggested_mask(Path("/d") / scan, phrases) == Path("/d") / name


@pytest.mark.parametrize(
    ("chosen", "scan", "name"),
    [
        ("out", "head.nii.gz", "out.nii.gz"),
        ("out.mha", "head.nii.gz", "out.mha"),
        ("out.v2", "head.nrrd", "out.v2.nrrd"),
        ("out.jpg", "photo.jpg", "out.jpg.png"),
        ("out.PNG", "photo.jpg", "out.PNG"),
        ("out.seg.nrrd", "head.nii.gz", "out.seg.nrrd"),
        ("out.dcm", "head.nii.gz", "out.dcm.nii.gz"),
    ],
)
def test_a_missing_ending_is_added(chosen: str, scan: str, name: str) -> None:
    assert with_suffix(Path(chosen), Path(scan)) == Path(name)


def test_dicom_seg_is_offered_for_dicom_only() -> None:
    scan = Path("ct.nii.gz")
    assert with_suffix(Path("out.dcm"), scan, dicom=True) == Path("out.dcm")
    assert is_dicom_seg(Path("OUT.DCM"))
    assert "DICOM SEG (*.dcm)" in file_filter(scan, False, dicom=True)
    assert "*.dcm" not in file_filter(scan, False)
    assert file_filter(scan, False).startswith("Volume (*.nii.gz);;")
    assert "Segmentation for 3D Slicer (*.seg.nrrd)" in file_filter(scan, False)
    assert file_filter(Path("photo.png"), True) == "PNG (*.png)"


def test_a_name_without_an_ending_takes_that_of_the_kind() -> None:
    assert named_by("DICOM SEG (*.dcm)", "/d/out") == "/d/out.dcm"
    assert named_by("Volume (*.nii.gz)", "/d/out.v2") == "/d/out.v2.nii.gz"
    assert named_by("Volume (*.nii.gz)", "/d/out.seg.nrrd") == "/d/out.seg.nrrd"
    assert named_by("", "/d/out") == "/d/out"
    assert named_by("DICOM SEG (*.dcm)", "") == ""
