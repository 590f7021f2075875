"""DICOM SEG: names and codes as typed, over the slices of its series, and no more of the patient than was chosen."""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from engine.contract.errors import InputError, ScanUnreadable
from engine.volumes.formats.dicom_seg import DicomSeg
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.reading import list_series_here, read_mask, read_mask_here, read_scan_here
from engine.volumes.segments import NamedMask, Saving
from engine.volumes.terminology import parse_term, term_of
from engine.volumes.volume import Volume
from engine.volumes.writing import write_mask, write_segments
from tests.fakes.dicom_files import (
    PLANTED,
    SECONDARY,
    SECRETS,
    dataset,
    enhanced,
    evenly,
    pattern,
    save,
    write_series,
)

KEEP = Saving(identity="keep", version="1.2.3", program="TuneVLSeg polyps")
AWAY = Saving(identity="deidentify", version="1.2.3")
OBLIQUE = tuple(float(v) for v in np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0].T.ravel()[:6])


def normal() -> np.ndarray:
    return np.cross(OBLIQUE[:3], OBLIQUE[3:])


def straight(folder: Path) -> Volume:
    write_series(folder, evenly(5))
    return read_scan_here(folder)


def oblique(folder: Path) -> Volume:
    write_series(folder, evenly(5, step=tuple(2.5 * normal())), orientation=OBLIQUE)
    return read_scan_here(folder)


def tilted(folder: Path) -> Volume:
    write_series(folder, evenly(5, step=(0.0, 0.9, 2.5)))
    return read_scan_here(folder)


def lone(folder: Path) -> Volume:
    write_series(folder, evenly(1))
    return read_scan_here(folder)


def multi_frame(folder: Path) -> Volume:
    # Frames in no order: the volume's slices are sorted, the file's frames are not.
    return read_scan_here(save(enhanced([evenly(5)[i] for i in (3, 0, 4, 1, 2)]), folder / "multi.dcm"))


def one_of_two(folder: Path) -> Volume:
    """The second time point of a file that holds two."""
    made = enhanced([*evenly(5), *evenly(5)])
    for number, frame in enumerate(made.PerFrameFunctionalGroupsSequence):
        content = Dataset()
        content.TemporalPositionIndex = 1 + number // 5
        frame.FrameContentSequence = [content]
    file = save(made, folder / "two.dcm")
    return read_scan_here(file, list_series_here(file)[1].id)


def two(scan: Volume) -> list[NamedMask]:
    """Two segments that overlap; in each some slices are empty, where there are several."""
    draw = np.random.default_rng(4)
    masks = [draw.random(scan.shape_zyx) < share for share in (0.4, 0.7)]
    if scan.shape_zyx[0] > 3:
        masks[0][0], masks[1][2] = False, False
    levels = [(mask * draw.integers(128, 256, mask.shape)).astype(np.uint8) for mask in masks]
    return [
        NamedMask("left kidney", 1, masks[0], "#e69f00", term_of("left kidney"), levels[0]),
        NamedMask("Geschwür, 潰瘍", 2, masks[1], "#56b4e9", parse_term("99LOCAL:U1:Ulcer"), levels[1]),
    ]


@pytest.mark.parametrize("make", [straight, oblique, tilted, lone, multi_frame, one_of_two])
def test_it_lies_over_its_slices_and_opens_elsewhere(make, tmp_path: Path) -> None:
    scan = make(tmp_path / "series")
    segments = two(scan)
    file = write_segments(segments, tmp_path / "mask.dcm", scan, KEEP)

    # Frame by frame: where it lies, what it refers to and what it shows, as pydicom alone sees it.
    seg = pydicom.dcmread(file)
    sources = {d.SOPInstanceUID: d for d in map(pydicom.dcmread, (tmp_path / "series").rglob("*")) if d}
    pixels = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    seen = [np.zeros(scan.shape_zyx, bool) for _ in segments]
    for frame, shown in zip(seg.PerFrameFunctionalGroupsSequence, pixels, strict=True):
        reference = frame.DerivationImageSequence[0].SourceImageSequence[0]
        source = sources[reference.ReferencedSOPInstanceUID]
        if "PerFrameFunctionalGroupsSequence" in source:
            source = source.PerFrameFunctionalGroupsSequence[reference.ReferencedFrameNumber - 1]
            stated = source.PlanePositionSequence[0].ImagePositionPatient
        else:
            stated = source.ImagePositionPatient
        assert frame.PlanePositionSequence[0].ImagePositionPatient == stated
        assert make is not one_of_two or reference.ReferencedFrameNumber > 5
        z = round(scan.geometry.index_of(tuple(float(v) for v in stated))[0])
        seen[frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber - 1][z] = shown
    for segment, found in zip(segments, seen, strict=True):
        assert np.array_equal(segment.voxels, found)

    opened = highdicom.seg.segread(file)
    assert opened.segment_numbers == [1, 2]
    first, second = opened.get_segment_description(1), opened.get_segment_description(2)
    assert (first.segment_label, second.segment_label) == ("left kidney", "Geschwür, 潰瘍")
    assert (first.segmented_property_type.value, first.segmented_property_type.meaning) == ("64033007", "Kidney")
    modifier = first.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0]
    assert modifier.CodeMeaning == "Left"
    assert (second.segmented_property_type.scheme_designator, second.segmented_property_type.value) == ("99LOCAL", "U1")
    assert first.algorithm_identification[0].AlgorithmName == "TuneVLSeg polyps"
    assert "research use only" in first.SegmentDescription

    back = DicomSeg().read_segments(file)
    assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < 1e-3 or back.shape_zyx != scan.shape_zyx
    placed_back = back.onto(scan.geometry, scan.shape_zyx)
    assert [known.name for known in placed_back] == ["left kidney", "Geschwür, 潰瘍"]
    assert [known.colour for known in placed_back] == ["#e69f00", "#56b4e9"]
    assert [known.term for known in placed_back] == [known.term for known in segments]
    for segment, known in zip(segments, placed_back, strict=True):
        assert np.array_equal(segment.voxels, known.voxels)


def test_probabilities_are_kept_to_the_last_level(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    segments = two(scan)
    file = write_segments(segments, tmp_path / "p.dcm", scan, Saving(identity="keep", fractional=True))
    assert highdicom.seg.segread(file).segmentation_fractional_type.value == "PROBABILITY"
    back = DicomSeg().read_segments(file)
    assert any("one half" in note for note in back.notes)
    for segment, known in zip(segments, back.onto(scan.geometry, scan.shape_zyx), strict=True):
        assert np.array_equal(known.levels, segment.levels)
        assert np.array_equal(known.voxels, segment.levels >= 128)


def test_an_empty_mask_is_written_too(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    nothing = NamedMask("nothing", 1, np.zeros(scan.shape_zyx, bool))
    file = write_segments([nothing], tmp_path / "m.dcm", scan, AWAY)
    back = DicomSeg().read_segments(file)
    assert not back.masks[0].voxels.any()


def leaks(file: Path) -> list[str]:
    content = file.read_bytes().lower()
    return [secret for secret in SECRETS if secret.lower().encode() in content]


def test_without_the_patient_nothing_of_him_goes_along(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    file = write_segments(two(scan), tmp_path / "away.dcm", scan, AWAY)
    assert leaks(file) == []
    seg = pydicom.dcmread(file)
    assert seg.PatientIdentityRemoved == "YES"
    assert seg.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert seg.PatientName == seg.PatientID
    assert str(seg.PatientID).startswith("ANON-")
    assert not seg.PatientBirthDate
    assert not seg.StudyDate
    assert seg.ContentDate == "19000101"
    for keyword in ("InstanceCreationDate", "SeriesDate", "InstitutionName", "ContributingEquipmentSequence"):
        assert keyword not in seg
    # The same study is the same study again, and slices keep apart.
    again = pydicom.dcmread(write_segments(two(scan), tmp_path / "again.dcm", scan, AWAY))
    assert again.StudyInstanceUID == seg.StudyInstanceUID
    assert again.SOPInstanceUID != seg.SOPInstanceUID
    referred = [item.ReferencedSOPInstanceUID for item in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence]
    assert len(set(referred)) == 5
    assert all(UID(uid).is_valid for uid in (*referred, seg.StudyInstanceUID, seg.FrameOfReferenceUID))


def test_with_the_patient_he_is_as_in_the_series(tmp_path: Path) -> None:
    for path in write_series(tmp_path / "series", evenly(5)):
        made = pydicom.dcmread(path)
        made.SpecificCharacterSet = "ISO_IR 100"
        made.PatientName, made.PatientSex, made.PatientBirthDate = "Grünwald^Özil", "X", "19540228"
        made.save_as(path)
    scan = read_scan_here(tmp_path / "series")
    seg = pydicom.dcmread(write_segments(two(scan), tmp_path / "kept.dcm", scan, KEEP))
    assert str(seg.PatientName) == "Grünwald^Özil"
    assert seg.PatientID == PLANTED["PatientID"]
    assert seg.PatientBirthDate == "19540228"
    assert seg.AccessionNumber == PLANTED["AccessionNumber"]
    source = pydicom.dcmread(next((tmp_path / "series").iterdir()))
    assert seg.StudyInstanceUID == source.StudyInstanceUID
    assert seg.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert seg.SeriesInstanceUID != source.SeriesInstanceUID
    assert not seg.PatientSex  # the standard knows no X
    assert "PatientIdentityRemoved" not in seg


def test_a_day_that_never_was_is_left_out(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    assert PLANTED["PatientBirthDate"] == "19540229"
    seg = pydicom.dcmread(write_segments(two(scan), tmp_path / "kept.dcm", scan, KEEP))
    assert seg.PatientBirthDate == ""
    assert seg.PatientID == PLANTED["PatientID"]


def test_the_choice_is_asked_for_and_says_what_goes_along(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    with pytest.raises(InputError, match=r"This series has: .*Patient's Name, Patient ID") as caught:
        write_segments(two(scan), tmp_path / "m.dcm", scan, Saving())
    assert "--dicom-seg-identity" in caught.value.hint
    assert caught.value.field == "identity"
    assert not any(secret in str(caught.value) for secret in SECRETS)
    assert not (tmp_path / "m.dcm").exists()


def test_only_series_have_it(tmp_path: Path) -> None:
    photo = Volume(np.zeros((1, 8, 9), np.uint8), None, format="picture")
    with pytest.raises(InputError, match="is a picture") as caught:
        write_mask(np.ones((1, 8, 9), np.uint8), tmp_path / "m.dcm", photo)
    assert "PNG" in caught.value.hint
    grid = Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    nifti = Volume(np.zeros((2, 8, 9), np.int16), grid, format="nifti")
    with pytest.raises(InputError, match="no DICOM series") as caught:
        write_mask(np.ones((2, 8, 9), np.uint8), tmp_path / "m.dcm", nifti)
    assert ".seg.nrrd" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_of_slices_is_refused_with_the_reason(shared_data: Path, tmp_path: Path) -> None:
    from engine.volumes.reading import list_series_here

    folder = shared_data / "dcm_qa_mosaic_mr" / "cor"
    scan = read_scan_here(folder, list_series_here(folder)[0].id)
    with pytest.raises(InputError, match=r"Siemens mosaic.*would not lie on the slices"):
        write_mask(np.ones(scan.shape_zyx, np.uint8), tmp_path / "m.dcm", scan)


def test_a_series_that_lost_its_uids_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "series", evenly(3), FrameOfReferenceUID=None)
    scan = read_scan_here(tmp_path / "series")
    with pytest.raises(InputError, match="FrameOfReferenceUID"):
        write_segments(two(scan), tmp_path / "m.dcm", scan, AWAY)
    assert not (tmp_path / "m.dcm").exists()


def test_a_radiograph_has_it_without_a_place(tmp_path: Path) -> None:
    file = save(dataset(pattern(6, 8, 1), sop_class=SECONDARY), tmp_path / "x.dcm")
    scan = read_scan_here(file)
    mask = np.random.default_rng(0).random(scan.shape_zyx) < 0.5
    made = write_segments([NamedMask("bone", 1, mask)], tmp_path / "m.dcm", scan, AWAY)
    back = read_mask_here(made)
    assert back.geometry is None
    assert np.array_equal(back.voxels, mask)


def test_numbers_alone_become_segments(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    labels = np.random.default_rng(1).integers(0, 3, scan.shape_zyx).astype(np.uint8)
    file = write_mask(labels, tmp_path / "m.dcm", scan)
    assert leaks(file) == []
    assert np.array_equal(read_mask(file).voxels, labels)


def test_it_is_a_mask_and_no_scan(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    file = write_segments(two(scan), tmp_path / "m.dcm", scan, AWAY)
    with pytest.raises(ScanUnreadable, match="DICOM segmentation, not a scan") as caught:
        read_scan_here(file)
    assert "series that it was made on" in caught.value.hint


def test_a_long_name_is_cut_where_the_standard_ends(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    segment = NamedMask("a\\b " + "x" * 80, 1, np.ones(scan.shape_zyx, bool))
    seg = pydicom.dcmread(write_segments([segment], tmp_path / "m.dcm", scan, AWAY))
    assert seg.SegmentSequence[0].SegmentLabel == "a/b " + "x" * 60


def test_the_receipt_lies_in_the_algorithm(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    for text in ('{"a": "\\u00e9 \\\\"}', "y" * 15_000):
        file = write_segments(two(scan), tmp_path / "m.dcm", scan, Saving(receipt=text, identity="deidentify"))
        assert DicomSeg().read_receipt(file) == text


def test_placed_elsewhere_is_not_the_scans_grid(tmp_path: Path) -> None:
    scan = straight(tmp_path / "series")
    back = DicomSeg().read_segments(write_segments(two(scan), tmp_path / "m.dcm", scan, AWAY))
    assert scan.geometry is not None
    moved = Geometry(scan.geometry.spacing_xyz, (0.0, 0.0, 0.0), scan.geometry.direction)
    assert back.onto(moved, scan.shape_zyx) is None
