"""Names of the masks that are saved."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.translation import translate

SEGMENTS = ".seg.nrrd"
DICOM_SEG = ".dcm"
# The longer of two that fit a name comes first.
VOLUME_SUFFIXES = (".nii.gz", ".nii", SEGMENTS, ".nrrd", ".mha")
PICTURE_SUFFIXES = (".png", ".tif", ".tiff")
_KINDS = {SEGMENTS: QT_TRANSLATE_NOOP("MaskNames", "Segmentation for 3D Slicer"), DICOM_SEG: "DICOM SEG"}
_TURNED = {".nhdr": ".nrrd", ".mhd": ".mha"}
_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp"}


def split_name(path: Path) -> tuple[str, str]:
    """("head", ".nii.gz") for head.nii.gz."""
    lower = path.name.lower()
    for suffix in (*VOLUME_SUFFIXES, *_TURNED, *_PICTURES):
        if lower.endswith(suffix):
            return path.name[: -len(suffix)], suffix
    return path.stem, path.suffix


def mask_suffix(scan: Path) -> str:
    """A mask has its scan's format; pictures' masks are PNG, which loses nothing, or TIFF, which may have pages."""
    _, suffix = split_name(scan)
    suffix = _TURNED.get(suffix, suffix)
    return suffix if suffix in (*VOLUME_SUFFIXES, ".tif", ".tiff") else ".png"


def is_dicom_seg(path: Path) -> bool:
    return path.name.lower().endswith(DICOM_SEG)


def suggested_mask(scan: Path, phrases: list[str]) -> Path:
    """`head_liver.nii.gz` beside the scan; `head_labels.nii.gz` for several phrases."""
    stem, _ = split_name(scan)
    what = _plain(phrases[0]) if len(phrases) == 1 else "labels"
    return scan.with_name(f"{stem}_{what}{mask_suffix(scan)}")


def with_suffix(path: Path, scan: Path, *, dicom: bool = False) -> Path:
    """The path as chosen, with the scan's ending where it has none that a mask can have. `dicom`: of a DICOM series."""
    fits = VOLUME_SUFFIXES if mask_suffix(scan) in VOLUME_SUFFIXES else PICTURE_SUFFIXES
    fits = (*fits, DICOM_SEG) if dicom else fits
    if any(path.name.lower().endswith(suffix) for suffix in fits):
        return path
    return path.with_name(path.name + mask_suffix(scan))


def file_filter(scan: Path, is_picture: bool, *, dicom: bool = False) -> str:
    """The kinds of files for a dialog, the scan's own first; DICOM SEG for DICOM series only."""
    own = mask_suffix(scan)
    kinds = [own] if is_picture else [own, *(suffix for suffix in VOLUME_SUFFIXES if suffix != own)]
    if dicom:
        kinds.append(DICOM_SEG)
    usual = ("PNG" if own == ".png" else "TIFF") if is_picture else translate("MaskNames", "Volume")
    titles = {suffix: translate("MaskNames", title) for suffix, title in _KINDS.items()}
    return ";;".join(f"{titles.get(suffix, usual)} (*{suffix})" for suffix in kinds)


def named_by(chosen: str, path: str) -> str:
    """The path from a dialog with the ending of the kind that was chosen there, where it was typed without one."""
    ending = re.search(r"\(\*(\.[a-z.]+)\)$", chosen)
    endings = (*VOLUME_SUFFIXES, *PICTURE_SUFFIXES, DICOM_SEG)
    return path if not path or not ending or path.lower().endswith(endings) else path + ending[1]


def _plain(phrase: str) -> str:
    letters = unicodedata.normalize("NFKD", phrase).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].rstrip("-") or "mask"
