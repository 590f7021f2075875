"""Names of files and folders."""

from __future__ import annotations

import pytest

from engine.data.listing import folder_meaning
from engine.data.matching import patient_of, split_suffix, without_image_words, without_mask_words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", ("a", ".png")),
        ("scan.NII.GZ", ("scan", ".nii.gz")),
        ("a.b.tif", ("a.b", ".tif")),
        (".hidden", (".hidden", "")),
        ("README", ("README", "")),
    ],
)
def test_suffix(name: str, expected: tuple[str, str]) -> None:
    assert split_suffix(name) == expected


@pytest.mark.parametrize(
    "stem",
    [
        "x_mask",
        "x-mask",
        "x_segmentation",
        "x_Segmentation",
        "x_manual1",
        "x_gt",
        "x_label",
        "x_seg-manual",
        "mask_x",
        "x",
    ],
)
def test_mask_words(stem: str) -> None:
    assert without_mask_words(stem) == "x"


def test_a_name_that_only_contains_a_mask_word_is_kept() -> None:
    assert without_mask_words("masked") == "masked"
    assert without_mask_words("segment12") == "segment12"
    assert without_mask_words("mask") == "mask"


def test_image_words() -> None:
    assert without_image_words("21_training") == "21"
    assert without_image_words("image_007") == "007"
    assert without_image_words("imagery") == "imagery"


@pytest.mark.parametrize(
    ("place", "patient"),
    [
        ("sub-01_ses-1_T1w", "sub-01"),
        ("site/sub-7/anat/x", "sub-7"),
        ("patient007/frame_12", "patient007"),
        ("12/3", "12"),
        ("benign/benign (1)", "benign/benign (1)"),
        ("case3_slice12", "case3"),
        ("liver_z004", "liver"),
        ("liver_zone", "liver_zone"),
        ("polyp_1", "polyp_1"),
    ],
)
def test_patient(place: str, patient: str) -> None:
    assert patient_of(place) == patient


@pytest.mark.parametrize(
    ("folder", "meaning"),
    [
        ("Images", ("image", None)),
        ("ground_truth", ("mask", None)),
        ("1st_manual", ("mask", None)),
        ("validation", ("", "val")),
        ("train_masks", ("mask", "train")),
        ("test-images", ("image", "test")),
        ("instances", None),
        ("imagesTr", None),
        ("train_test", None),
    ],
)
def test_folder_meaning(folder: str, meaning: tuple[str, str | None] | None) -> None:
    assert folder_meaning(folder) == meaning
