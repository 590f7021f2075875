"""Names of the masks that are saved."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")
PICTURE_SUFFIXES = (".png",)
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
    """A mask has its scan's format; pictures' masks are PNG, which loses nothing."""
    _, suffix = split_name(scan)
    suffix = _TURNED.get(suffix, suffix)
    return suffix if suffix in VOLUME_SUFFIXES else ".png"


def suggested_mask(scan: Path, phrases: list[str]) -> Path:
    """`head_liver.nii.gz` beside the scan; `head_labels.nii.gz` for several phrases."""
    stem, _ = split_name(scan)
    what = _plain(phrases[0]) if len(phrases) == 1 else "labels"
    return scan.with_name(f"{stem}_{what}{mask_suffix(scan)}")


def with_suffix(path: Path, scan: Path) -> Path:
    """The path as chosen, with the scan's ending where it has none that a mask can have."""
    fits = VOLUME_SUFFIXES if mask_suffix(scan) in VOLUME_SUFFIXES else PICTURE_SUFFIXES
    if any(path.name.lower().endswith(suffix) for suffix in fits):
        return path
    return path.with_name(path.name + mask_suffix(scan))


def file_filter(scan: Path, is_picture: bool) -> str:
    if is_picture:
        return "PNG (*.png)"
    own = mask_suffix(scan)
    kinds = [own, *(suffix for suffix in VOLUME_SUFFIXES if suffix != own)]
    return ";;".join(f"Volume (*{suffix})" for suffix in kinds)


def _plain(phrase: str) -> str:
    letters = unicodedata.normalize("NFKD", phrase).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].rstrip("-") or "mask"
