"""Opens scans and masks. `read_scan` and `read_mask` do it in a child process, which a damaged file may crash."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.early import EarlySlices
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import Format, OfSeveral, ShowsEarly, format_name, known_suffixes
from engine.volumes.formats.dicom import Dicom
from engine.volumes.guarded_reader import ShownWhileRead, reader
from engine.volumes.headers.stored_array import SEND_AGAIN
from engine.volumes.volume import Volume

_OTHER_KINDS: Final = {
    ".img": "Open its header instead (.hdr).",
    ".mgz": "Convert it to NIfTI: mri_convert in.mgz out.nii.gz",
    ".mgh": "Convert it to NIfTI: mri_convert in.mgh out.nii.gz",
    ".mif": "Convert it to NIfTI: mrconvert in.mif out.nii.gz",
    ".mnc": "Convert it to NIfTI: mnc2nii in.mnc out.nii",
    ".head": "Convert it to NIfTI: 3dAFNItoNIFTI in.HEAD",
    ".brik": "Convert it to NIfTI: 3dAFNItoNIFTI in.HEAD",
    ".par": "Convert it to NIfTI: dcm2niix, or parrec2nii in.PAR",
    ".rec": "Convert its header to NIfTI: dcm2niix, or parrec2nii in.PAR",
    ".gz": "Unpack it first (gunzip).",
    ".zip": "Unpack it first.",
    ".raw": "Open its header instead (.mhd or .nhdr).",
    ".zraw": "Open its header instead (.mhd).",
}


def read_scan(
    path: Path, series: str = "", *, timeout_s: float | None = None, shown: ShownWhileRead | None = None
) -> Volume:
    """The scan as stored: pictures [1, h, w(, 3)], volumes [z, y, x] with geometry, and notes on what was changed.

    A DICOM file stands for its whole series, a folder for the DICOM series in it; `series` chooses one of several, or
    of the volumes (by number, from 1) of a file that holds several. `shown`: see there.
    Raises ScanUnreadable (what is wrong, where, what to do), also where the reader crashes or stands still for
    `timeout_s`.
    """
    check_file(path)
    return reader().read(path, as_mask=False, series=series, timeout_s=timeout_s, shown=shown)


def read_mask(path: Path, *, timeout_s: float | None = None) -> Volume:
    """The mask's stored numbers, uint8 or uint16 [z, y, x]; palette indices for palette pictures.

    Raises ScanUnreadable, also for fractions, negative numbers and masks in colours. Whether {0, 255} means {0, 1} is
    for `mask_values.binary_or_labels` to say.
    """
    check_file(path)
    return reader().read(path, as_mask=True, timeout_s=timeout_s)


def list_series(path: Path, *, timeout_s: float | None = None) -> list[SeriesEntry]:
    """What a DICOM file (its own series) or folder offers, or a file of several volumes; else an empty list.

    Raises ScanUnreadable where the path is no scan, or none of its DICOM files can be read.
    """
    check_file(path)
    if not hasattr(FORMATS.get(format_name(path) or ""), "list_series"):
        return []
    return reader().list_series(path, timeout_s=timeout_s)


def read_scan_here(path: Path, series: str = "", early: EarlySlices | None = None) -> Volume:
    """`read_scan` without a child: a crash ends this process, and native libraries may print to its output."""
    check_file(path)
    reader = _reader_of(path)
    if isinstance(reader, ShowsEarly):
        return _finite(path, reader.read(path, series, early))
    if isinstance(reader, OfSeveral):
        return _finite(path, reader.read(path, series))
    if series:
        raise ScanUnreadable(
            f"{path} holds one picture: there is no series or channel {series!r} to choose.", hint="Leave it out."
        )
    return _finite(path, reader.read(path))


def read_mask_here(path: Path, series: str = "") -> Volume:
    """`read_mask` without a child."""
    check_file(path)
    reader = _reader_of(path)
    volume = reader.read_mask(path, series) if isinstance(reader, Dicom) else reader.read_mask(path)
    return dataclasses.replace(volume, voxels=_whole_numbers(path, volume.voxels))


def list_series_here(path: Path) -> list[SeriesEntry]:
    """`list_series` without a child."""
    check_file(path)
    reader = _reader_of(path)
    return reader.list_series(path) if isinstance(reader, OfSeveral) else []


def _reader_of(path: Path) -> Format:
    name = format_name(path)
    assert name is not None  # check_file has seen to it
    return FORMATS.get(name)()


def check_file(path: Path) -> None:
    """Raises ScanUnreadable for what no reader need try: missing, a folder without DICOM files, empty, unknown kind,
    not permitted."""
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise ScanUnreadable(
            f"{path} does not exist.", hint="Was it moved or renamed, or is its drive absent?"
        ) from error
    except OSError as error:
        raise _refused(path, error) from error
    if path.is_dir():
        if format_name(path) == Dicom.name:
            return
        raise ScanUnreadable(
            f"{path} is a folder, not a scan.", hint="Give one file in it, or a folder of DICOM files."
        )
    if not path.is_file():
        raise ScanUnreadable(f"{path} is a device or a pipe, not a file.", hint="Give a scan stored as a file.")
    if format_name(path) is None:
        hint = _OTHER_KINDS.get(path.suffix.lower(), f"These kinds are read: {', '.join(known_suffixes())}.")
        raise ScanUnreadable(f"{path} is of a kind that is not read here.", hint=hint)
    if size == 0:
        raise ScanUnreadable(f"{path} is empty (0 bytes).", hint=SEND_AGAIN)
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> ScanUnreadable:
    reason = error.strerror or type(error).__name__
    return ScanUnreadable(
        f"{path} cannot be opened: {reason}.", hint="Check that you may read it, or copy it elsewhere."
    )


def _finite(path: Path, volume: Volume) -> Volume:
    """Voxels that hold no number get the lowest value of the scan; a scan of nothing else is refused."""
    voxels = volume.voxels
    if voxels.dtype.kind != "f":
        return volume
    good = np.isfinite(voxels)
    missing = int(voxels.size - np.count_nonzero(good))
    if not missing:
        return volume
    if missing == voxels.size:
        raise ScanUnreadable(f"{path} holds no numbers: every voxel is NaN or infinite.", hint="Export the scan again.")
    filled = np.where(good, voxels, voxels[good].min())
    note = f"{missing:,} voxels hold no number (NaN or infinite); the scan's lowest value stands in for them."
    return dataclasses.replace(volume, voxels=filled, notes=(*volume.notes, note))


def _whole_numbers(path: Path, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if values.ndim == 4:
        raise ScanUnreadable(
            f"{path} is a mask in colours: which colour means which label is not written in it.",
            hint="Save it with one number per label (0 is background).",
        )
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise ScanUnreadable(
                f"{path} holds voxels that are no number (NaN).", hint="Save the mask as whole numbers."
            )
        if not np.array_equal(values, np.rint(values)):
            raise ScanUnreadable(
                f"{path} holds fractions, as a probability map does; a mask holds whole numbers.",
                hint="Cut it at one half and save it again as whole numbers.",
            )
    low, high = (values.min(), values.max()) if values.size else (0, 0)
    if low < 0 or high > 65_535:
        raise ScanUnreadable(
            f"{path} holds label numbers from {low:g} to {high:g}; 0 to 65535 are possible.",
            hint="Is this a scan instead of a mask? Otherwise number its labels from 1.",
        )
    return values.astype(np.uint8 if high <= 255 else np.uint16, copy=False)
