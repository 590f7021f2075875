"""Real DICOM files, the odd and the broken among them: each opens with pydicom's values or is refused by its fault."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.pixels.processing import apply_color_lut, apply_rescale

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.files import looks_like_dicom
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.reading import read_mask_here, read_scan, read_scan_here
from engine.volumes.writing import write_mask

REFUSED = {
    "dcm_qa_ct_gantry_tilt/*": r"unevenly spaced, 1\.08 to 7\.00 mm.*18\.5 degrees \(gantry tilt\)",
    "*/liver*.dcm": "DICOM segmentation",
    "*.seg": "DICOM segmentation",
    "partial_overlaps.dcm": "DICOM segmentation",
    "sparse-labelmap-*": "DICOM label map",
    "seg_image_c*": "DICOM segmentation",
    "seg_image_sm_*": "DICOM label map",
    "sm_image*": "whole-slide",
    "nicom/[01].dcm": "mosaic.*no multiple",
    "csa_slice_norm.dcm": "holds no pixels",
    "emri_small*": "10 slices.*does not say where they lie",
    "ExplVR_*NoMeta.dcm": "radiotherapy plan",
    "rtplan*": "radiotherapy plan",
    "rtstruct.dcm": "structure set",
    "JPEG2000-embedded-sequence-delimiter.dcm": "cannot be unpacked",
    "MR_truncated.dcm": "ends too early: 8,192 bytes of pixels expected, only 8,130",
    "UN_sequence.dcm": "holds no image",
    "badVR.dcm": "header is damaged",
    "chrJap*": "holds no pixels",
    "chrKoreanMulti.dcm": "holds no pixels",
    "chrSQEncoding*": "holds no image",
    "CT2/*": "unevenly spaced",
    "DICOMDIR": "holds 17 series",
    "empty_charset_LEI.dcm": "holds no image",
    "meta_missing_tsyntax.dcm": "holds no image",
    "nested_priv_SQ.dcm": "holds no image",
    "priv_SQ.dcm": "holds no image",
    "no_meta.dcm": "header is damaged",  # a byte stands before its first element
    "no_meta_group_length.dcm": "holds no image",
    "reportsi*": "is a report",
    "test-SR.dcm": "is a report",
    "waveform_ecg.dcm": "is a waveform",
}


def expected_fault(path: Path) -> str | None:
    return next((words for name, words in REFUSED.items() if path.match(name)), None)


def dicom_files(shared_data: Path) -> list[Path]:
    return [
        path
        for path in sorted(shared_data.rglob("*"))
        if path.is_file()
        and path.suffix != ".gz"
        and (path.suffix == ".dcm" or looks_like_dicom(path))
        # Each file of a series opens the whole of it: of the one large series two are enough.
        and (path.parent.name != "example_ct_dicom" or path.name.endswith(("573", "592")))
    ]


def pydicoms(path: Path) -> np.ndarray:
    """[frames, rows, columns] in their unit, or [frames, rows, columns, 3] in 8 bits, by pydicom alone."""
    one = pydicom.dcmread(path)
    values = one.pixel_array
    if one.PhotometricInterpretation == "PALETTE COLOR":
        values = apply_color_lut(values, one)
        values = (values >> (values.dtype.itemsize * 8 - 8)).astype(np.uint8)
    elif one.SamplesPerPixel == 3:
        values = (values >> max(one.BitsStored - 8, 0)).astype(np.uint8)
    else:
        groups = one.get("SharedFunctionalGroupsSequence")
        scale = groups[0].get("PixelValueTransformationSequence") if groups else None
        values = apply_rescale(values, scale[0] if scale else one)
        if one.get("Modality") == "RTDOSE":
            values = values * float(one.DoseGridScaling)
        if one.PhotometricInterpretation == "MONOCHROME1":
            slope, low = float(one.get("RescaleSlope", 1)), float(one.get("RescaleIntercept", 0))
            values = slope * (2**one.BitsStored - 1) + 2 * low - values
    return values.reshape(-1, *values.shape[-3 if one.SamplesPerPixel == 3 or values.shape[-1] == 3 else -2 :])


def test_every_file_opens_or_is_refused_by_its_fault(shared_data: Path) -> None:
    opened, refused, wrong = 0, 0, []
    for path in dicom_files(shared_data):
        fault = expected_fault(path)
        try:
            scan = read_scan(path, timeout_s=30)
        except ScanUnreadable as problem:
            refused += 1
            if fault is None or not _matches(fault, problem.message) or not problem.hint:
                wrong.append(f"{path.name} refused: {problem}")
            continue
        opened += 1
        if fault is not None:
            wrong.append(f"{path.name} opened, though {fault}")
        elif path.name in ("JPEG-lossy.dcm", "JPGExtended.dcm"):
            continue  # pydicom cannot; compared below
        elif "MOSAIC" in str(pydicom.dcmread(path, stop_before_pixels=True).get("ImageType")):
            if int(scan.voxels.sum()) != int(pydicoms(path).sum()):
                wrong.append(f"{path.name}: the sheet's values are not the slices'")
        elif not _holds(scan.voxels, pydicoms(path)):
            wrong.append(f"{path.name}: other values than pydicom's")
    assert wrong == []
    assert opened > 75
    assert refused > 40


def _matches(words: str, message: str) -> bool:
    return re.search(words, message, re.DOTALL) is not None


def _holds(voxels: np.ndarray, frames: np.ndarray) -> bool:
    """Whether the first frame (all others too, unless it is a film) is a slice of the scan."""
    wanted = frames[:1] if len(voxels) == 1 else frames
    return all(any(np.allclose(found, frame, rtol=1e-6, atol=1e-6) for found in voxels) for frame in wanted)


def test_jpeg_of_12_bits_is_that_of_its_lossless_twin(shared_data: Path) -> None:
    exact = pydicoms(shared_data / "pydicom_data_multiframe" / "JPEG-LL.dcm")
    for name in ("JPEG-lossy.dcm", "JPGExtended.dcm"):
        scan = read_scan_here(shared_data / "pydicom_test_files" / name)
        assert scan.lossy
        assert np.abs(scan.voxels - exact).mean() < 3


@pytest.mark.parametrize(
    "folder",
    [
        "dcmqi_dicom_seg/ct-3slice",
        "dcmqi_dicom_seg/24x38x3/image",
        "pydicom_test_files/dicomdirtests/98892001/CT5N",
    ],
)
def test_values_and_place_are_those_that_itk_finds(folder: str, shared_data: Path) -> None:
    place = shared_data / folder
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(place)))
    image = reader.Execute()
    scan = read_scan_here(place)
    assert scan.geometry is not None
    assert np.array_equal(scan.voxels, sitk.GetArrayFromImage(image))
    theirs = Geometry(image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    assert max_corner_shift(theirs, scan.geometry, scan.shape_zyx) < 1e-3


def test_a_multi_frame_file_is_the_series_that_it_was_made_of(shared_data: Path) -> None:
    for folder in ("23x38x3", "24x38x3"):
        one = read_scan_here(shared_data / "dcmqi_dicom_seg" / folder / "multiframe" / "mf.dcm")
        many = read_scan_here(shared_data / "dcmqi_dicom_seg" / folder / "image")
        assert np.array_equal(one.voxels, many.voxels)
        assert one.geometry == many.geometry


def test_slices_of_a_mosaic_lie_where_the_protocol_put_them(shared_data: Path) -> None:
    """Siemens' protocol (a private text) gives each slice's middle; its middle is the voxel after the centre."""
    folder = shared_data / "dcm_qa_mosaic_mr"
    known = {
        "sag": ((-61.2, -36.31961259, -25.42372881), (61.2, -36.31961259, -25.42372881)),
        "cor": ((0.0, -134.8976132, 7.458930932), (0.0, -10.38083716, -11.81728444)),
        "axmb": ((0.0, -52.6688979, -72.88064116), (0.0, -30.1398188, 51.08887361)),
    }
    seen = 0
    for part, (first, last) in known.items():
        for file in (folder / part).rglob("*"):
            if not file.is_file():
                continue
            scan = read_scan_here(file)
            assert scan.geometry is not None
            depth, rows, columns = scan.shape_zyx
            for z, middle in ((0, first), (depth - 1, last)):
                assert np.allclose(scan.geometry.world_of((z, rows / 2, columns / 2)), middle, atol=0.02)
            seen += 1
    assert seen == 8


def test_masks_lie_on_their_series_in_every_format(shared_data: Path, tmp_path: Path) -> None:
    places = [
        "dcmqi_dicom_seg/ct-3slice",
        "pydicom_test_files/dicomdirtests/98892001/CT5N",
        "dcm_qa_mosaic_mr/cor/cordesc36/MR.1.3.12.2.1107.5.2.32.35131.2014031012560686746788470",
        "niivue_nifti_odd/enh.dcm",
        "totalsegmentator_ct/example_ct_dicom",
        "nibabel_test_data/nicom/slicethickness_empty_string.dcm",
    ]
    for name in places:
        scan = read_scan_here(shared_data / name)
        assert scan.geometry is not None
        labels = (np.arange(scan.voxels.size) % 3).reshape(scan.shape_zyx).astype(np.uint8)
        for suffix in (".nii.gz", ".nrrd", ".mha"):
            back = read_mask_here(write_mask(labels, tmp_path / f"m{suffix}", scan))
            assert back.geometry is not None
            assert np.array_equal(back.voxels, labels)
            assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < 1e-3
