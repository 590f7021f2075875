"""DICOM: a file stands for its whole series, a folder for the series in it. Read only."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

from engine.contract.errors import InputError
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import SUFFIXES
from engine.volumes.formats import FORMATS
from engine.volumes.volume import Mask, Volume

NO_SEG: Final = "Masks as DICOM SEG come with a later version."


@FORMATS.register("dicom")
class Dicom:
    """Masks of DICOM scans are written as NIfTI, NRRD or MetaImage on the series' grid."""

    name: Final = "dicom"
    suffixes: ClassVar[tuple[str, ...]] = SUFFIXES
    mask_suffixes: ClassVar[tuple[str, ...]] = ()

    def read(self, path: Path, series: str = "") -> Volume:
        # pydicom takes a while to import: only where a DICOM file is opened.
        from engine.volumes.dicom.reading import read_series

        return read_series(path, series)

    def read_mask(self, path: Path, series: str = "") -> Volume:
        return self.read(path, series)

    def list_series(self, path: Path) -> list[SeriesEntry]:
        """What the file or folder offers, a line each."""
        from engine.volumes.dicom.reading import list_series

        return list_series(path)

    def check_mask(self, path: Path, like: Volume) -> None:
        del like
        raise InputError(f"{path.name} is a DICOM name. {NO_SEG}", hint="Save it as .nii.gz, .nrrd or .mha.")

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        del mask
        self.check_mask(path, like)
