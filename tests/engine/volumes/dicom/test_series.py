"""Which files belong together, what is offered, and how one is chosen."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import ScanUnreadable
from engine.volumes.reading import list_series, list_series_here, read_scan_here
from tests.fakes.dicom_files import (
    MR,
    SECONDARY,
    SECRETS,
    SERIES_UID,
    ULTRASOUND,
    dataset,
    enhanced,
    evenly,
    pattern,
    save,
    write_series,
)

OTHER_UID = SERIES_UID + ".9"
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two series in folders of a folder, and a file that is none."""
    write_series(tmp_path / "study" / "a", evenly(4))
    write_series(
        tmp_path / "study" / "b",
        evenly(3),
        first=50,
        sop_class=MR,
        SeriesInstanceUID=OTHER_UID,
        SeriesNumber=9,
        SeriesDescription="T2 axial",
    )
    (tmp_path / "study" / "notes.txt").write_text("x")
    return tmp_path / "study"


def test_a_folder_lists_its_series(study: Path) -> None:
    first, second = list_series(study)
    assert (first.number, first.modality, first.description, first.slices) == (1, "CT", "Drawn pattern", 4)
    assert (second.number, second.modality, second.description, second.slices) == (2, "MR", "T2 axial", 3)
    assert first.spacing_xyz == pytest.approx((0.5, 0.7, 2.5))
    assert (first.width, first.height, first.kind, first.problem) == (8, 6, "volume", "")
    assert second.in_words() == "MR, T2 axial, 3 slices of 8 × 6, 0.5 × 0.7 × 2.5 mm"


def test_several_series_are_never_chosen_from_silently(study: Path) -> None:
    with pytest.raises(ScanUnreadable, match="holds 2 series") as caught:
        read_scan_here(study)
    assert "1  CT, Drawn pattern, 4 slices" in caught.value.message
    assert "--series" in caught.value.hint
    assert SERIES_UID not in str(caught.value)


def test_one_is_chosen_by_number_by_hash_or_by_uid(study: Path) -> None:
    second = list_series_here(study)[1]
    for wanted in ("2", second.id, OTHER_UID):
        assert read_scan_here(study, wanted).shape_zyx == (3, 6, 8)
    with pytest.raises(ScanUnreadable, match="no such series"):
        read_scan_here(study, "7")


def test_a_file_stands_for_its_whole_series(study: Path) -> None:
    shutil.copy(study / "b" / "IM0050", study / "a" / "stray")
    for file in (study / "a").glob("IM*"):
        assert read_scan_here(file).shape_zyx == (4, 6, 8)
    (entry,) = list_series_here(study / "a" / "stray")
    assert (entry.modality, entry.slices) == ("MR", 1)


def test_a_folder_of_the_index_file(study: Path) -> None:
    shutil.copy(study / "a" / "IM0001", study / "DICOMDIR")
    assert len(list_series_here(study / "DICOMDIR")) == 2


def test_files_copied_twice_are_left_out_and_told(tmp_path: Path) -> None:
    files = write_series(tmp_path, evenly(4))
    shutil.copy(files[1], tmp_path / "again")
    scan = read_scan_here(tmp_path)
    assert scan.shape_zyx == (4, 6, 8)
    assert any("copies" in note for note in scan.notes)


def test_a_damaged_file_beside_them_is_told(tmp_path: Path) -> None:
    write_series(tmp_path, evenly(4))
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    assert any("Damaged DICOM files" in note for note in read_scan_here(tmp_path).notes)


def test_orientations_are_parts_to_choose_from(tmp_path: Path) -> None:
    write_series(tmp_path, evenly(3))
    write_series(tmp_path, evenly(2, (3.0, 0.0, 0.0)), first=40, orientation=SAGITTAL)
    with pytest.raises(ScanUnreadable, match="holds 2 series or volumes"):
        read_scan_here(tmp_path)
    assert sorted(entry.slices for entry in list_series_here(tmp_path)) == [2, 3]
    assert sorted(entry.part for entry in list_series_here(tmp_path)) == ["part 1 of 2", "part 2 of 2"]
    scan = read_scan_here(tmp_path / "IM0040")
    assert scan.shape_zyx[0] == 2
    assert any("part" in note for note in scan.notes)


def test_echoes_are_parts_to_choose_from(tmp_path: Path) -> None:
    write_series(tmp_path, evenly(3), EchoNumbers=1)
    write_series(tmp_path, evenly(3), first=40, EchoNumbers=2, RescaleIntercept=1000, RescaleSlope=1)
    entries = list_series_here(tmp_path)
    assert [entry.part for entry in entries] == ["echo 1 of 2, part 1 of 2", "echo 2 of 2, part 2 of 2"]
    assert read_scan_here(tmp_path, "2").voxels.min() == 1000


def test_a_multi_frame_file_is_sorted_by_the_place_of_its_frames(tmp_path: Path) -> None:
    positions = evenly(5)
    order = [3, 0, 4, 1, 2]
    file = save(enhanced([positions[i] for i in order]), tmp_path / "mf.dcm")
    scan = read_scan_here(file)
    assert scan.geometry is not None
    assert scan.geometry.spacing_xyz == pytest.approx((0.5, 0.7, 2.5))
    for frame, place in enumerate(order):
        assert np.array_equal(scan.voxels[place], pattern(6, 8, frame))


def test_frames_without_a_place_are_refused_for_slices_and_a_film_gives_them_all(tmp_path: Path) -> None:
    frames = np.stack([pattern(6, 8, i) for i in range(3)])
    file = save(dataset(frames, sop_class=MR), tmp_path / "mr.dcm")
    with pytest.raises(ScanUnreadable, match="3 slices, and its header does not say where"):
        read_scan_here(file)
    film = read_scan_here(save(dataset(frames, sop_class=ULTRASOUND), tmp_path / "film" / "us.dcm"))
    assert film.is_picture
    assert np.array_equal(film.voxels, frames)
    assert any("3 frames, which are taken as slices" in note for note in film.notes)
    entry = list_series_here(tmp_path / "film" / "us.dcm")[0]
    assert (entry.slices, entry.mask_suffix) == (3, ".tif")
    assert "3 frames of" in entry.in_words()


def test_pictures_of_a_series_are_chosen_from(tmp_path: Path) -> None:
    for number in (1, 2):
        save(dataset(pattern(6, 8, number), number, sop_class=SECONDARY), tmp_path / f"{number}.dcm")
    with pytest.raises(ScanUnreadable, match="picture 2 of 2, picture of 8 × 6"):
        read_scan_here(tmp_path)
    assert np.array_equal(read_scan_here(tmp_path / "2.dcm").voxels[0], pattern(6, 8, 2))


def test_files_whose_uids_were_taken_out_are_one_series(tmp_path: Path) -> None:
    write_series(tmp_path, evenly(4), SeriesInstanceUID=None)
    scan = read_scan_here(tmp_path / "IM0002")
    assert scan.shape_zyx[0] == 4
    assert any("no UID" in note for note in scan.notes)


def test_a_folder_without_dicom_is_no_scan(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ScanUnreadable, match="a folder, not a scan"):
        list_series(tmp_path)


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    segmentation = dataset(pattern(6, 8, 0), sop_class="1.2.840.10008.5.1.4.1.1.66.4")
    with pytest.raises(ScanUnreadable, match="is a DICOM segmentation"):
        read_scan_here(save(segmentation, tmp_path / "seg.dcm"))
    bare = dataset(pattern(6, 8, 0), PixelData=None)
    with pytest.raises(ScanUnreadable, match="holds no pixels"):
        read_scan_here(save(bare, tmp_path / "bare" / "bare.dcm"))


def test_a_series_is_read_again_when_a_slice_comes(tmp_path: Path) -> None:
    positions = evenly(5)
    write_series(tmp_path, positions[:4])
    assert list_series_here(tmp_path)[0].slices == 4
    write_series(tmp_path, positions[4:], first=40)
    assert list_series_here(tmp_path)[0].slices == 5


@pytest.mark.parametrize("description", ["Brain of QUAGMIRE", "t1 pid77120934 ax", "Glennathan's head", "x 1954-02-29"])
def test_a_description_that_names_the_patient_is_not_shown(description: str, tmp_path: Path) -> None:
    write_series(tmp_path, evenly(2), SeriesDescription=description)
    (entry,) = list_series_here(tmp_path)
    assert entry.description == ""
    assert not any(secret.lower() in str(entry.to_dict()).lower() for secret in SECRETS)


def test_titles_name_nobody(tmp_path: Path) -> None:
    for name in ("Quagmire_G_head", f"MR.{SERIES_UID}.17", "77120934"):
        write_series(tmp_path / name, evenly(2))
        (entry,) = list_series_here(tmp_path / name)
        assert entry.title == f"dicom-{entry.id}"
    write_series(tmp_path / "case 7", evenly(2))
    assert list_series_here(tmp_path / "case 7")[0].title == "case 7"
