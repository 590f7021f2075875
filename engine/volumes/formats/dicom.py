"""DICOM: a file stands for its whole series, a folder for the series in it. Masks of them: see dicom_seg."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

from engine.contract.errors import InputError
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import SUFFIXES
from engine.volumes.early import EarlySlices
from engine.volumes.formats import FORMATS
from engine.volumes.formats.dicom_seg import DicomSeg
from engine.volumes.volume import Mask, Volume


@FORMATS.register("dicom")
class Dicom:
    """Scans. Its masks are written as DICOM SEG, or as NIfTI, NRRD or MetaImage on the series' grid."""

    name: Final = "dicom"
    suffixes: ClassVar[tuple[str, ...]] = SUFFIXES
    mask_suffixes: ClassVar[tuple[str, ...]] = ()
    holds_segments: ClassVar[bool] = False
    keeps_receipt: ClassVar[bool] = False
    shows_early: ClassVar[bool] = True

    def read(self, path: Path, series: str = "", early: EarlySlices | None = None) -> Volume:
        # pydicom takes a while to import: only where a DICOM file is opened.
        from engine.volumes.dicom.reading import read_series

        return read_series(path, series, early)

    def read_mask(self, path: Path, series: str = "") -> Volume:
        """A DICOM SEG or label map as label numbers; any other file as it is read."""
        from engine.volumes.dicom.seg_reading import is_seg

        if path.is_file() and is_seg(path):
            return DicomSeg().read_mask(path)
        return self.read(path, series)

    def list_series(self, path: Path) -> list[SeriesEntry]:
        """What the file or folder offers, a line each."""
        from engine.volumes.dicom.reading import list_series

        return list_series(path)

    def check_mask(self, path: Path, like: Volume) -> None:
        del like
        raise InputError(f"{path.name} is no name for a mask.", hint="Save it as .dcm, .nii.gz, .nrrd or .mha.")

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        del mask
        self.check_mask(path, like)
