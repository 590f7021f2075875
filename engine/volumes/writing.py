"""Writes a mask, or named segments, onto the grid of their scan."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import EngineError, GridMismatch, InputError
from engine.contract.whole_file import write_bytes, write_text
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import SegmentsFormat, mask_format
from engine.volumes.segments import NamedMask, Saving
from engine.volumes.stored_receipts import receipt_beside
from engine.volumes.volume import Mask, Volume


def write_mask(labels: NDArray[Any], path: Path, like: Volume, receipt: str = "") -> Path:
    """Writes label numbers [z, y, x] (bool or whole numbers, 0 to 65535) in the format of `path`'s suffix.

    Same format as the scan: its header geometry verbatim. Another: to that format's precision. A picture's mask is a
    PNG. `receipt` goes into the file, or into one beside it. Returns `path`. Raises GridMismatch where the shape is not
    the scan's, InputError for a suffix that cannot hold it, DiskFull.
    """
    _check_shape(labels, like)
    check_target(path, like)
    known = FORMATS.get(mask_format(path) or "")
    if receipt and not known.keeps_receipt:
        with _with_receipt(receipt_beside(path), receipt + "\n"):
            known().write_mask(Mask(_numbers(labels), like.geometry, receipt), path, like)
        return path
    if not known.keeps_receipt:
        with contextlib.suppress(OSError):
            receipt_beside(path).unlink(missing_ok=True)  # of the mask that is replaced
    known().write_mask(Mask(_numbers(labels), like.geometry, receipt), path, like)
    return path


@contextlib.contextmanager
def _with_receipt(beside: Path, text: str) -> Iterator[None]:
    """The receipt before its mask: a mask without one could be anybody's. Where the mask is not written, the old mask
    keeps the old receipt."""
    old = beside.read_bytes() if beside.is_file() else None
    write_text(beside, text)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError, EngineError):
            if old is None:
                beside.unlink()
            else:
                write_bytes(beside, old)
        raise


def write_segments(segments: Sequence[NamedMask], path: Path, like: Volume, saving: Saving) -> Path:
    """Writes segments, which may overlap, with their names, colours and codes. Returns `path`.

    Raises GridMismatch, InputError for a format that has no segments or for what `check_segments` says, DiskFull.
    """
    if not segments:
        raise ValueError("no segments")
    for segment in segments:
        _check_shape(segment.voxels, like)
    check_segments(path, like, saving)
    _segments_format(path).write_segments(segments, path, like, saving)
    return path


def holds_segments(path: Path) -> bool:
    """Whether masks of this name are written as named segments, which may overlap."""
    name = mask_format(path)
    return name is not None and FORMATS.get(name).holds_segments


def check_segments(path: Path, like: Volume, saving: Saving) -> None:
    """Raises InputError where segments of this scan cannot be saved under that name, whatever they show."""
    check_target(path, like)
    _segments_format(path).check_segments(path, like, saving)


def _segments_format(path: Path) -> SegmentsFormat:
    known = FORMATS.get(mask_format(path) or "")()
    if not known.holds_segments:
        raise InputError(f"{path.name} cannot hold named segments.", hint="Save them as .seg.nrrd or DICOM SEG (.dcm).")
    return cast(SegmentsFormat, known)


def _check_shape(labels: NDArray[Any], like: Volume) -> None:
    if tuple(labels.shape) != like.shape_zyx:
        raise GridMismatch(
            f"The mask has {_by(labels.shape)} voxels, the scan {_by(like.shape_zyx)} (x × y × z).",
            hint="A mask is written only on the grid of the scan it was made on.",
        )


def check_target(path: Path, like: Volume) -> None:
    """Raises InputError where no mask of this scan can be saved under that name, whatever the mask shows."""
    name = mask_format(path)
    if name is None:
        raise InputError(
            f"{path.name} is not a name that a mask can be saved under.",
            hint=f"Masks are written as {', '.join(writable_suffixes())}.",
        )
    if like.path is not None and path.exists() and like.path.exists() and path.samefile(like.path):
        raise InputError(
            f"{path} is the scan itself; a mask is not written over it.", hint="Choose another name for the mask."
        )
    FORMATS.get(name)().check_mask(path, like)


def writable_suffixes() -> list[str]:
    """Those that a mask may be written with."""
    return sorted({suffix for _, known in FORMATS for suffix in known.mask_suffixes})


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
