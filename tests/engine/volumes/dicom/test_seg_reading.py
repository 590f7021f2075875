"""DICOM SEG and label maps of other programs: as the same masks in NRRD have it, or refused in words."""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from engine.contract.errors import ScanUnreadable
from engine.volumes.formats.dicom_seg import DicomSeg
from engine.volumes.geometry import max_corner_shift
from engine.volumes.reading import read_mask, read_mask_here

BY_DCMQI = [
    ("liver.dcm", "liver_seg.nrrd"),
    ("24x38x3/seg/label.seg", "24x38x3/nrrd/label.nrrd"),
    ("sparse-labelmap-noppv.dcm", "sparse_labelmap_noppv_seg.nrrd"),
]


@pytest.mark.parametrize(("seg", "nrrd"), BY_DCMQI)
def test_it_is_the_mask_that_others_see(seg: str, nrrd: str, shared_data: Path) -> None:
    folder = shared_data / "dcmqi_dicom_seg"
    found, expected = read_mask(folder / seg), read_mask(folder / nrrd)
    assert found.geometry is not None
    assert expected.geometry is not None
    assert max_corner_shift(expected.geometry, found.geometry, expected.shape_zyx) < 1e-3
    assert np.array_equal(found.voxels > 0, expected.voxels > 0)


def test_overlapping_segments_are_each_what_others_see(shared_data: Path) -> None:
    folder = shared_data / "dcmqi_dicom_seg"
    stored = DicomSeg().read_segments(folder / "partial_overlaps.dcm")
    others = [read_mask_here(folder / f"partial_overlaps-{i}.nrrd").voxels for i in (1, 2, 3)]
    for mask in stored.masks:
        assert mask.voxels.any()
        assert any(np.array_equal(mask.voxels, other == value) for other in others for value in np.unique(other))
    assert len({mask.name for mask in stored.masks}) == len(stored.masks) == 5


@pytest.mark.parametrize("name", ["binary", "binary_overlap", "binary_fractional", "true_fractional"])
def test_it_agrees_with_highdicom(name: str, shared_data: Path) -> None:
    file = shared_data / "highdicom_dicom_seg" / f"seg_image_ct_{name}.dcm"
    seg = highdicom.seg.segread(file)
    volume = seg.get_volume(combine_segments=False, allow_missing_positions=True)
    stored = DicomSeg().read_segments(file)
    assert stored.geometry is not None
    assert [mask.name for mask in stored.masks] == [
        seg.get_segment_description(number).segment_label for number in seg.segment_numbers
    ]
    array = np.asarray(volume.array) >= 0.5
    affine = np.array(volume.affine)
    flipped = float(affine[:3, 0] @ stored.geometry.matrix[:3, 2]) < 0
    for index, mask in enumerate(stored.masks):
        expected = array[::-1, ..., index] if flipped else array[..., index]
        assert np.array_equal(mask.voxels, expected)


def test_without_a_place_it_is_a_pictures_mask(shared_data: Path) -> None:
    file = shared_data / "highdicom_dicom_seg" / "seg_image_cr_binary.dcm"
    mask = read_mask_here(file)
    assert mask.geometry is None
    assert np.array_equal(mask.voxels[0], pydicom.dcmread(file).pixel_array.astype(bool))


def test_tiles_of_a_slide_are_refused(shared_data: Path) -> None:
    with pytest.raises(ScanUnreadable, match="whole-slide"):
        read_mask_here(shared_data / "highdicom_dicom_seg" / "seg_image_sm_control_labelmap.dcm")


def test_an_unknown_packing_is_refused(shared_data: Path) -> None:
    with pytest.raises(ScanUnreadable, match="packed in a way"):
        read_mask_here(shared_data / "pydicom_data_multiframe" / "liver_deflate.dcm")


def test_uneven_frames_are_refused(shared_data: Path, tmp_path: Path) -> None:
    seg = pydicom.dcmread(shared_data / "dcmqi_dicom_seg" / "liver.dcm")
    place = seg.PerFrameFunctionalGroupsSequence[-1].PlanePositionSequence[0]
    x, y, z = place.ImagePositionPatient
    place.ImagePositionPatient = [x, y, float(z) + 0.37]
    seg.save_as(tmp_path / "bent.dcm")
    with pytest.raises(ScanUnreadable, match="unevenly spaced"):
        read_mask_here(tmp_path / "bent.dcm")
