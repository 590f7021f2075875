"""Writes a mask onto the grid of its scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import GridMismatch, InputError
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import format_name
from engine.volumes.formats.dicom import NO_SEG
from engine.volumes.volume import Mask, Volume


def write_mask(labels: NDArray[Any], path: Path, like: Volume) -> Path:
    """Writes label numbers [z, y, x] (bool or whole numbers, 0 to 65535) in the format of `path`'s suffix.

    Same format as the scan: its header geometry verbatim. Another: to that format's precision. A picture's mask is a
    PNG. Returns `path`. Raises GridMismatch where the shape is not the scan's, InputError for a suffix that cannot hold
    it, DiskFull.
    """
    if tuple(labels.shape) != like.shape_zyx:
        raise GridMismatch(
            f"The mask has {_by(labels.shape)} voxels, the scan {_by(like.shape_zyx)} (x × y × z).",
            hint="A mask is written only on the grid of the scan it was made on.",
        )
    check_target(path, like)
    known = FORMATS.get(format_name(path) or "")
    known().write_mask(Mask(_numbers(labels), like.geometry), path, like)
    return path


def check_target(path: Path, like: Volume) -> None:
    """Raises InputError where no mask of this scan can be saved under that name, whatever the mask shows."""
    name = format_name(path)
    writable = sorted({suffix for _, known in FORMATS for suffix in known.mask_suffixes})
    if name is None or not path.name.lower().endswith(FORMATS.get(name).mask_suffixes):
        raise InputError(
            f"{path.name} is not a name that a mask can be saved under.",
            hint=f"Masks are written as {', '.join(writable)}." + (f" {NO_SEG}" if name == "dicom" else ""),
        )
    if like.path is not None and path.exists() and like.path.exists() and path.samefile(like.path):
        raise InputError(
            f"{path} is the scan itself; a mask is not written over it.", hint="Choose another name for the mask."
        )
    FORMATS.get(name)().check_mask(path, like)


def mask_suffix(like: Volume) -> str:
    """The suffix under which the mask of this scan is best saved: the scan's own where masks can have it."""
    known = FORMATS.get(like.format or _usual(like))
    if not known.mask_suffixes:
        known = FORMATS.get(_usual(like))
    if like.path is not None:
        file = like.path.name.lower()
        own = [suffix for suffix in known.mask_suffixes if file.endswith(suffix)]
        if own:
            return max(own, key=len)
    return known.mask_suffixes[0]


def _usual(like: Volume) -> str:
    return "picture" if like.is_picture else "nifti"


def _numbers(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.dtype == np.bool_:
        return labels.view(np.uint8)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels are whole numbers, not {labels.dtype}")
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    if low < 0 or high > 65_535:
        raise ValueError(f"labels reach from {low} to {high}; 0 to 65535 can be stored")
    return labels.astype(np.uint8 if high <= 255 else np.uint16, copy=False)


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in reversed(shape))
