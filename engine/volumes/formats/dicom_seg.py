"""DICOM SEG, for masks of DICOM series only. Read through the DICOM format: a file's name does not tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from engine.contract.errors import InputError, ScanUnreadable
from engine.volumes.formats import FORMATS
from engine.volumes.segments import COLOURS, NamedMask, Saving, StoredSegments
from engine.volumes.volume import Mask, Volume

IDENTITY: Final = "identity"
_CHOICE: Final = (
    "Add --dicom-seg-identity keep (patient and study as in the series, so that archives file it there) or "
    "--dicom-seg-identity deidentify (a pseudonym, no dates, other UIDs)."
)


@FORMATS.register("dicom_seg")
class DicomSeg:
    """Refers to the slices that it was made on; carries names, codes, colours, and a receipt in its segments."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    mask_suffixes: ClassVar[tuple[str, ...]] = (".dcm",)
    holds_segments: ClassVar[bool] = True
    keeps_receipt: ClassVar[bool] = True

    def read(self, path: Path) -> Volume:
        raise ScanUnreadable(f"{path} is a mask (DICOM SEG), not a scan.", hint="Give the series that it was made on.")

    def read_mask(self, path: Path) -> Volume:
        labels, notes = (stored := self.read_segments(path)).flat()
        return Volume(labels, stored.geometry, path, "dicom_seg", notes)

    def read_segments(self, path: Path) -> StoredSegments:
        # pydicom takes a while to import: only where such a file is opened.
        from engine.volumes.dicom.seg_reading import read_seg

        return read_seg(path)

    def read_receipt(self, path: Path) -> str | None:
        from engine.volumes.dicom.seg_reading import read_parameters

        return read_parameters(path)

    def check_mask(self, path: Path, like: Volume) -> None:
        from engine.volumes.dicom.seg_source import check_header, check_source

        check_source(path.name, like)
        check_header(like)

    def check_segments(self, path: Path, like: Volume, saving: Saving) -> None:
        self.check_mask(path, like)
        if saving.identity:
            return
        from engine.volumes.dicom.seg_source import identity_in

        held = ", ".join(identity_in(like))
        raise InputError(
            f"{path.name}: a DICOM SEG carries the patient and study of its series, as the standard demands. "
            + (f"This series has: {held}." if held else "This series names no patient."),
            hint=_CHOICE,
            field=IDENTITY,
        )

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        """Numbers without names: each a segment, under a pseudonym."""
        values = [int(value) for value in np.unique(mask.labels) if value] or [1]
        named = [
            NamedMask(f"Segment {value}", value, mask.labels == value, COLOURS[i % len(COLOURS)])
            for i, value in enumerate(values)
        ]
        self.write_segments(named, path, like, Saving(receipt=mask.receipt, identity="deidentify"))

    def write_segments(self, segments: Sequence[NamedMask], path: Path, like: Volume, saving: Saving) -> None:
        from engine.volumes.dicom.seg_writing import write_seg

        write_seg(segments, path, like, saving)
