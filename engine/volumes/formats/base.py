"""What a scan format must give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from engine.contract.errors import InputError
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import is_dicom
from engine.volumes.early import EarlySlices
from engine.volumes.formats import FORMATS
from engine.volumes.segments import NamedMask, Saving, StoredSegments
from engine.volumes.volume import Mask, Volume


class Format(Protocol):
    """One kind of file. Write-then-read keeps the grid; `tests/contracts/test_every_format.py` tries each."""

    suffixes: ClassVar[tuple[str, ...]]
    """Lower case, with the dot; the longest that fits a file name decides."""
    mask_suffixes: ClassVar[tuple[str, ...]]
    """Those that a mask may be written with."""
    holds_segments: ClassVar[bool]
    """Several masks with names, which may overlap, in one file: it is then a SegmentsFormat."""
    keeps_receipt: ClassVar[bool]
    """The receipt of a mask lies in its file: it is then a ReceiptFormat; otherwise in one beside it."""

    def read(self, path: Path) -> Volume:
        """The scan. Checks the header's sizes before it reads; raises ScanUnreadable."""
        ...

    def read_mask(self, path: Path) -> Volume:
        """The same file as stored numbers: palette indices instead of colours. Raises ScanUnreadable."""
        ...

    def check_mask(self, path: Path, like: Volume) -> None:
        """Raises InputError where this format cannot hold a mask on the grid of `like`."""
        ...

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        """Writes label numbers [z, y, x] on the grid of `like`, which `check_mask` took, whole or not at all.

        Geometry is copied verbatim where `like` is of this format. Raises DiskFull.
        """
        ...


class ReceiptFormat(Format, Protocol):
    """A format whose files carry their masks' receipt; `write_mask` takes it from the mask."""

    def read_receipt(self, path: Path) -> str | None:
        """The receipt's text, or None; raises ScanUnreadable."""
        ...


class SegmentsFormat(ReceiptFormat, Protocol):
    """A format with named segments."""

    def read_segments(self, path: Path) -> StoredSegments:
        """Raises ScanUnreadable."""
        ...

    def check_segments(self, path: Path, like: Volume, saving: Saving) -> None:
        """Raises InputError where segments of this scan cannot be saved so."""
        ...

    def write_segments(self, segments: Sequence[NamedMask], path: Path, like: Volume, saving: Saving) -> None:
        """Writes them on the grid of `like`, which `check_segments` took, whole or not at all."""
        ...


@runtime_checkable
class OfSeveral(Protocol):
    """A format whose files may hold, or stand for, several scans of which one is chosen."""

    def list_series(self, path: Path) -> list[SeriesEntry]:
        """What there is to choose from, a line each; none where the file holds one scan. Raises ScanUnreadable."""
        ...

    def read(self, path: Path, series: str = "") -> Volume:
        """The one that `series` names. Raises ScanUnreadable, also where one must be named."""
        ...


@runtime_checkable
class ShowsEarly(Protocol):
    """A format that can show slices while it reads."""

    shows_early: ClassVar[bool]

    def read(self, path: Path, series: str = "", early: EarlySlices | None = None) -> Volume:
        """As that of OfSeveral; puts slices into `early` as they are decoded, once the sizes have been checked."""
        ...


def format_name(path: Path) -> str | None:
    """The registered format that takes this file's suffix, or None.

    DICOM files often have none, and lie together in a folder: what is there is then looked at.
    """
    file = path.name.lower()
    fitting = [(len(s), name) for name, known in FORMATS for s in known.suffixes if file.endswith(s)]
    if fitting:
        return max(fitting)[1]
    return "dicom" if is_dicom(path) else None


def mask_format(path: Path) -> str | None:
    """The registered format in which a mask of this name is written, or None."""
    file = path.name.lower()
    fitting = [(len(s), name) for name, known in FORMATS for s in known.mask_suffixes if file.endswith(s)]
    return max(fitting)[1] if fitting else None


def suffix_of(path: Path) -> str:
    """The registered suffix of a file name (".nii.gz"), or its last one, in lower case."""
    file = path.name.lower()
    fitting = [s for _, known in FORMATS for s in known.suffixes if file.endswith(s)]
    return max(fitting, key=len) if fitting else path.suffix.lower()


def known_suffixes() -> list[str]:
    return sorted({suffix for _, known in FORMATS for suffix in known.suffixes})


def needs_geometry(path: Path, like: Volume) -> None:
    """Raises InputError where a picture's mask is to go into a volume's format."""
    if like.geometry is None:
        raise InputError(
            f"{path.name} cannot hold the mask of a picture: a picture has no place in the patient.",
            hint="Save it as PNG.",
        )
