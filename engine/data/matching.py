"""Which file is an image, which a mask, and which belong together: judged by the names of folders and files alone."""

from __future__ import annotations

import re

IMAGE_FOLDERS = frozenset({"image", "images", "img", "imgs", "scan", "scans", "original", "originals"})
MASK_FOLDERS = frozenset(
    {
        *("mask", "masks", "label", "labels", "seg", "segs", "segmentation", "segmentations"),
        *("annotation", "annotations"),
        *("gt", "gts", "groundtruth", "ground_truth", "ground-truth", "ground truth", "truth"),
        *("manual", "manual1", "manual2", "1st_manual", "2nd_manual"),
    }
)
SPLIT_FOLDERS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}

# Longest first: of a mask folder and a hand-drawn one (DRIVE has both), the hand-drawn one is the truth.
_PREFERRED_MASK_FOLDERS = ("1st_manual", "manual1", "manual", "2nd_manual", "manual2")

_MASK_WORDS = (
    r"masks?|segmentations?|segs?|manual\d?|gts?|labels?|annotations?|annot|ground_?truth|truth|roi"
    r"|1stho|2ndho|lesions?"
)
_IMAGE_WORDS = r"images?|imgs?|scans?|original|training|train|test"
_MASK_END = re.compile(rf"[ _\-.](?:{_MASK_WORDS})$", re.IGNORECASE)
_MASK_START = re.compile(rf"^(?:{_MASK_WORDS})[ _\-.]", re.IGNORECASE)
_IMAGE_END = re.compile(rf"[ _\-.](?:{_IMAGE_WORDS})$", re.IGNORECASE)
_IMAGE_START = re.compile(rf"^(?:{_IMAGE_WORDS})[ _\-.]", re.IGNORECASE)

_DOUBLE_SUFFIXES = (".nii.gz",)

_SUBJECT = re.compile(r"(?:^|[/_\-])(sub-[A-Za-z0-9]+)")
_PATIENT_FOLDER = re.compile(r"^(?:patient|pat|case|subject|subj|sub|volume|vol|id|p|s)?[-_ ]?\d+$", re.IGNORECASE)
_PATIENT_START = re.compile(r"^((?:patient|subject|subj)[-_]?\d+)(?=[_\-])", re.IGNORECASE)
_SLICE_END = re.compile(r"^(.+?)[_\-](?:slice|z)[_\-]?\d+.*$", re.IGNORECASE)


def split_suffix(name: str) -> tuple[str, str]:
    """File name → (stem, suffix in lower case); `.nii.gz` counts as one suffix."""
    lower = name.lower()
    for suffix in _DOUBLE_SUFFIXES:
        if lower.endswith(suffix):
            return name[: -len(suffix)], suffix
    dot = name.rfind(".")
    return (name, "") if dot <= 0 else (name[:dot], lower[dot:])


def without_mask_words(stem: str) -> str:
    """`x_mask`, `mask_x`, `x_seg-manual` → "x"; a stem that names no mask comes back as it is."""
    found = stem
    while (shorter := _MASK_START.sub("", _MASK_END.sub("", found))) != found:
        found = shorter
    return found


def without_image_words(stem: str) -> str:
    """`x_image`, `img_x`, `21_training` → "x" and "21"."""
    return _IMAGE_START.sub("", _IMAGE_END.sub("", stem))


def mask_preference(folder: str) -> int:
    """0 for the mask folder to use first where an image has masks in several."""
    lower = folder.lower()
    known = _PREFERRED_MASK_FOLDERS
    return known.index(lower) if lower in known else len(known)


def patient_of(place: str) -> str:
    """The patient behind `place`, a path without suffix, relative to the images folder, with `/`.

    In this order: a BIDS-like `sub-xx` anywhere; a folder that is named like a patient (`patient007`, `case_3`, `12`);
    a file name that begins so (`patient007_2CH_ED`); what comes before the first `_slice<number>` or `_z<number>`; else
    the file itself is its own patient.
    """
    subject = _SUBJECT.search(place)
    if subject:
        return subject.group(1)
    *folders, stem = place.split("/")
    for depth, folder in enumerate(folders):
        if _PATIENT_FOLDER.match(folder):
            return "/".join(folders[: depth + 1])
    sliced = _PATIENT_START.match(stem) or _SLICE_END.match(stem)
    return "/".join([*folders, sliced.group(1) if sliced else stem])
