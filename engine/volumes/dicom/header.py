"""The header of one DICOM file: what a grid, a chooser and a decoder need to know of it and of its frames."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pydicom
from pydicom.uid import UID

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.elements import Malformed, text_of, whole_of, whole_or
from engine.volumes.dicom.frames import Frame, frames_of
from engine.volumes.dicom.identity import identifiers_of
from engine.volumes.dicom.opening import in_words, load, no_dicom, quiet
from engine.volumes.headers.stored_array import check_sizes

_MOST_FRAMES: Final = 200_000
# Kinds of objects without pixels, or whose pixels are no scan; by the beginning of the SOP class UID.
_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_NO_SCAN: Final = (
    ("66.4", "a DICOM segmentation", "It is a mask: give the series that it was made on."),
    ("66.7", "a DICOM label map", "It is a mask: give the series that it was made on."),
    ("66.5", "a surface segmentation", "Save the segmentation as a volume (NIfTI, NRRD)."),
    ("66.1", "a spatial registration", "Give the scan itself."),
    ("66.2", "spatial fiducials", "Give the scan itself."),
    ("66.3", "a deformation field", "Give the scan itself."),
    ("66", "raw data", "Give the images made from it."),
    ("77.1.6", "a whole-slide image in tiles", "Export the region of interest as PNG or TIFF."),
    ("88.", "a report", "Give the images that it is about."),
    ("104.", "a document (PDF or the like)", "Give the images."),
    ("9.", "a waveform", "Give a series of images."),
    ("11.", "a presentation state", "Give the images that it is about."),
    ("481.3", "a radiotherapy structure set", "Turn it into a mask volume first (3D Slicer)."),
    ("481.5", "a radiotherapy plan", "Give the CT series that it was made on."),
    ("481.8", "a radiotherapy plan", "Give the CT series that it was made on."),
    ("481.4", "a treatment record", "Give the CT series."),
    ("4.2", "a spectroscopy", "Give a series of images."),
)  # fmt: skip


@dataclass(frozen=True)
class Instance:
    """One file. `identifiers` say who the patient is: they are compared with texts, never shown."""

    path: Path
    size: int
    series: str
    sop: str
    sop_class: str
    syntax: str
    modality: str
    description: str
    series_number: int
    instance_number: int
    study_and_number: str  # what stands for the series where its UID was taken out
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    photometric: str
    frame_count: int
    frames: tuple[Frame, ...]
    mosaic: int  # 0, or the number of slices on the sheet; -1 where the header does not say how many
    burned_in: bool
    lossy: bool
    identifiers: frozenset[str] = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Of the decoded pixels."""
        return self.rows * self.columns * self.samples * self.frame_count * max(1, self.bits_allocated // 8)


class NotAnImage(ScanUnreadable):
    """A sound DICOM object that holds no scan: a report, a plan, a segmentation."""


def read_instance(path: Path) -> Instance:
    """What `Instance` holds, pixels left where they are. Raises ScanUnreadable, for objects without pixels too."""
    with quiet(), in_words(path):
        return _instance(path, load(path, pixels=False))


def _instance(path: Path, dataset: pydicom.FileDataset) -> Instance:
    sop_class = text_of(dataset, "SOPClassUID")
    _refuse_what_is_no_scan(path, dataset, sop_class)
    rows, columns = whole_of(dataset, "Rows"), whole_of(dataset, "Columns")
    if rows is None or columns is None:
        raise ScanUnreadable(
            f"{path} is DICOM, but holds no image.", hint="Give a series of images; is the file cut off?"
        )
    count = whole_of(dataset, "NumberOfFrames") or 1
    if not 1 <= count <= _MOST_FRAMES:
        raise Malformed("the number of frames")
    samples, bits = whole_of(dataset, "SamplesPerPixel") or 1, whole_of(dataset, "BitsAllocated") or 16
    if samples not in (1, 3, 4) or not 1 <= bits <= 64:
        raise Malformed("samples and bits of a pixel")
    sizes = (columns, rows, count)
    check_sizes(path, sizes, math.prod(sizes) * samples * max(1, bits // 8))
    mosaic = _mosaic(dataset)
    return Instance(
        path=path,
        size=path.stat().st_size,
        series=text_of(dataset, "SeriesInstanceUID"),
        sop=text_of(dataset, "SOPInstanceUID"),
        sop_class=sop_class,
        syntax=str(dataset.file_meta.TransferSyntaxUID),
        modality=_modality(dataset),
        description=" ".join(text_of(dataset, "SeriesDescription").split())[:80],
        series_number=whole_or(dataset, "SeriesNumber", 0),
        instance_number=whole_or(dataset, "InstanceNumber", 0),
        study_and_number="|".join(
            text_of(dataset, keyword)
            for keyword in ("StudyInstanceUID", "SeriesNumber", "FrameOfReferenceUID", "Modality", "SeriesDescription")
        ),
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=bits,
        photometric=text_of(dataset, "PhotometricInterpretation"),
        frame_count=count,
        frames=frames_of(dataset, count, sop_class),
        mosaic=mosaic,
        burned_in=text_of(dataset, "BurnedInAnnotation").upper() == "YES",
        lossy=text_of(dataset, "LossyImageCompression") == "01",
        identifiers=identifiers_of(dataset),
    )


def _refuse_what_is_no_scan(path: Path, dataset: pydicom.FileDataset, sop_class: str) -> None:
    if "DirectoryRecordSequence" in dataset:
        raise NotAnImage(f"{path} is the index of a DICOM medium.", hint="Give the folder that it lies in.")
    if not sop_class and "Rows" not in dataset and "Modality" not in dataset and dataset.preamble is None:
        raise no_dicom(path)
    tail = sop_class.removeprefix(_STORAGE)
    for beginning, what, hint in _NO_SCAN:
        exact = tail == beginning if not beginning.endswith(".") else tail.startswith(beginning)
        if tail != sop_class and exact:
            raise NotAnImage(f"{path} is {what}, not a scan.", hint=hint)
    if "Rows" not in dataset:
        kind = UID(sop_class).name if UID(sop_class).is_valid else ""
        named = f" ({kind})" if kind and kind != sop_class else ""
        fault = NotAnImage if sop_class else ScanUnreadable
        raise fault(
            f"{path} is DICOM, but holds no image{named}.", hint="Give a series of images; is the file cut off?"
        )


def _mosaic(dataset: pydicom.FileDataset) -> int:
    """Siemens' sheets of slices: told by the image type; the private element says how many slices there are."""
    kinds = [kind.strip().upper() for kind in text_of(dataset, "ImageType").split("\\")]
    if "MOSAIC" not in kinds:
        return 0
    with contextlib.suppress(Exception):
        value = dataset.private_block(0x0019, "SIEMENS MR HEADER")[0x0A].value
        count = int.from_bytes(value, "little") if isinstance(value, bytes) else int(value)
        return count if 1 <= count <= 10_000 else -1
    return -1


def _modality(dataset: pydicom.FileDataset) -> str:
    text = text_of(dataset, "Modality").upper()
    return text if 1 <= len(text) <= 16 and text.isalnum() and text.isascii() else "?"
