"""Pairs by folder and name; no file is opened here, so empty files will do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.data.findings import DatasetReport
from engine.data.readers.base import CaseList
from engine.data.readers.folder_pairs import FolderPairs
from engine.volumes.reading import read_scan
from engine.volumes.writing import write_mask
from tests.fakes import dicom_files


def _touch(folder: Path, names: str) -> Path:
    for name in names.split():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def _found(folder: Path) -> dict[str, tuple[str, str, str | None]]:
    """case id → image, mask, split."""
    listed = FolderPairs().cases(folder)
    return {
        case.case_id: (
            case.image.relative_to(folder).as_posix(),
            case.masks[0].path.relative_to(folder).as_posix(),
            case.split,
        )
        for case in listed.cases
    }


def _kinds(listed: CaseList) -> list[tuple[str, str]]:
    return [(problem.kind, problem.path) for problem in listed.problems]


@pytest.mark.parametrize("masks", ["masks", "labels", "mask", "segmentations", "GT", "annotations"])
@pytest.mark.parametrize("images", ["images", "img", "scans"])
def test_folder_names(tmp_path: Path, images: str, masks: str) -> None:
    _touch(tmp_path, f"{images}/a.png {masks}/a.png")
    assert _found(tmp_path) == {"a": (f"{images}/a.png", f"{masks}/a.png", None)}
    assert FolderPairs().recognises(tmp_path) > 0.8


@pytest.mark.parametrize(
    "mask",
    [
        "a.png",
        "a_mask.png",
        "a-mask.png",
        "a_segmentation.png",
        "a_Segmentation.gif",
        "a_manual1.gif",
        "a_gt.tif",
        "mask_a.png",
    ],
)
def test_mask_names(tmp_path: Path, mask: str) -> None:
    _touch(tmp_path, f"images/a.jpg masks/{mask} images/ab.jpg masks/ab.png")
    assert _found(tmp_path)["a"][1] == f"masks/{mask}"


@pytest.mark.parametrize(
    "names",
    [
        "train/images/a.png train/masks/a.png val/images/b.png val/masks/b.png test/images/c.png test/masks/c.png",
        "images/train/a.png masks/train/a.png images/valid/b.png masks/valid/b.png images/testing/c.png "
        "masks/testing/c.png",
        "train_images/a.png train_masks/a.png validation_images/b.png validation_masks/b.png test_images/c.png "
        "test_masks/c.png",
        "train/a.png train/a_mask.png val/b.png val/b_mask.png test/c.png test/c_mask.png",
    ],
)
def test_splits_by_folder(tmp_path: Path, names: str) -> None:
    _touch(tmp_path, names)
    assert {case: row[2] for case, row in _found(tmp_path).items()} == {"a": "train", "b": "val", "c": "test"}


def test_splits_of_the_images_alone(tmp_path: Path) -> None:
    _touch(tmp_path, "images/train/a.png images/test/b.png masks/a.png masks/b.png")
    assert {case: row[1:] for case, row in _found(tmp_path).items()} == {
        "a": ("masks/a.png", "train"),
        "b": ("masks/b.png", "test"),
    }


def test_the_same_name_in_two_splits_makes_two_cases(tmp_path: Path) -> None:
    _touch(tmp_path, "train/images/1.png train/masks/1.png test/images/1.png test/masks/1.png")
    found = _found(tmp_path)
    assert set(found) == {"train/1", "test/1"}
    assert found["test/1"] == ("test/images/1.png", "test/masks/1.png", "test")


def test_one_flat_folder(tmp_path: Path) -> None:
    _touch(tmp_path, "x.png x_mask.png y.jpg y-gt.png z.nii.gz z_seg.nii.gz notes.txt")
    assert {case: row[1] for case, row in _found(tmp_path).items()} == {
        "x": "x_mask.png",
        "y": "y-gt.png",
        "z": "z_seg.nii.gz",
    }


def test_images_beside_a_folder_of_masks(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png b.png masks/a.png masks/b.png")
    assert set(_found(tmp_path)) == {"a", "b"}


def test_folders_within_are_part_of_the_name(tmp_path: Path) -> None:
    _touch(
        tmp_path, "images/sub-01/t1.nii.gz images/sub-02/t1.nii.gz labels/sub-01/t1.nii.gz labels/sub-02/t1_seg.nii.gz"
    )
    cases = FolderPairs().cases(tmp_path).cases
    assert [(case.case_id, case.patient) for case in cases] == [("sub-01/t1", "sub-01"), ("sub-02/t1", "sub-02")]


def test_the_hand_drawn_mask_of_drive_is_preferred(tmp_path: Path) -> None:
    _touch(tmp_path, "images/21_training.tif 1st_manual/21_manual1.gif mask/21_training_mask.gif")
    assert _found(tmp_path) == {"21_training": ("images/21_training.tif", "1st_manual/21_manual1.gif", None)}
    assert _kinds(FolderPairs().cases(tmp_path)) == [("several_masks", "images/21_training.tif")]


def test_an_archives_own_folder_is_entered(tmp_path: Path) -> None:
    _touch(tmp_path, "README.md Kvasir-SEG/images/a.jpg Kvasir-SEG/masks/a.jpg")
    assert _found(tmp_path)["a"][0] == "Kvasir-SEG/images/a.jpg"


def test_an_image_without_mask_and_the_reverse(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.png images/lonely.png masks/a.png masks/orphan.png")
    listed = FolderPairs().cases(tmp_path)
    assert [case.case_id for case in listed.cases] == ["a"]
    assert _kinds(listed) == [("image_without_mask", "images/lonely.png"), ("mask_without_image", "masks/orphan.png")]
    assert "masks/lonely.png" in listed.problems[0].fix
    assert all(problem.message and problem.fix for problem in listed.problems)


def test_two_images_never_share_a_mask(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.jpg images/a.png masks/a.png")
    listed = FolderPairs().cases(tmp_path)
    assert [case.image.name for case in listed.cases] == ["a.png"]
    assert _kinds(listed) == [("image_without_mask", "images/a.jpg")]


def test_files_of_unknown_kind_and_other_folders_are_told(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.png masks/a.png images/b.docx instances/a/1.png instances/a/2.png images/.DS_Store")
    assert _kinds(FolderPairs().cases(tmp_path)) == [("unknown_kind", "images/b.docx"), ("not_used", "instances")]


@pytest.mark.parametrize(
    "names",
    [
        "a.png b.png",
        "readme.txt",
        "imagesTr/a_0000.nii.gz labelsTr/a.nii.gz",
        "sub-1/m/a.png derivatives/labels/a.png",
    ],
)
def test_other_layouts_are_not_recognised(tmp_path: Path, names: str) -> None:
    assert FolderPairs().recognises(_touch(tmp_path, names)) == 0


def test_links_that_go_round_in_circles_end(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.png masks/a.png")
    try:
        (tmp_path / "images" / "again").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this file system has no links")
    assert set(_found(tmp_path)) == {"a"}


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.png masks/a.png images/ü.png masks/ü.png")
    try:
        (tmp_path / os.fsdecode(b"images/\xff\xfe.png")).touch()
    except OSError:
        pytest.skip("this file system allows only names in UTF-8")
    listed = FolderPairs().cases(tmp_path)
    assert [case.case_id for case in listed.cases] == ["a", "ü"]
    assert [problem.kind for problem in listed.problems] == ["odd_name"]
    listed.problems[0].line().encode()


def test_a_folder_of_dicom_slices_is_one_scan(tmp_path: Path, inspected: Callable[..., DatasetReport]) -> None:
    for number in range(3):
        folder = tmp_path / f"images/p{number}"
        dicom_files.write_series(
            folder, dicom_files.evenly(5), PatientID=f"SECRET{number // 2}", PatientName="Doe^Jane"
        )
        if number == 1:
            for path in list(folder.iterdir()):
                path.rename(path.with_suffix(".dcm"))
        scan = read_scan(folder)
        labels = np.zeros(scan.shape_zyx, np.uint8)
        labels[1:3, 1:4, 2:5] = 1
        (tmp_path / "labels").mkdir(exist_ok=True)
        write_mask(labels, tmp_path / f"labels/p{number}.nii.gz", scan)
    report = inspected(tmp_path)
    assert [finding.case.case_id for finding in report.cases] == ["p0", "p1", "p2"]
    assert {finding.counts[1] for finding in report.cases} == {18}
    assert [finding.case.patient for finding in report.cases] == ["p0", "p0", "p2"]
    assert "SECRET" not in json.dumps(report.to_dict())
