"""The header of one DICOM file, read with care: what a grid, a chooser and a decoder need to know of each frame."""

from __future__ import annotations

import contextlib
import logging
import math
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from engine.contract.errors import EngineError, ScanUnreadable
from engine.volumes.dicom.identity import identifiers_of
from engine.volumes.headers.stored_array import SEND_AGAIN, check_sizes

Point = tuple[float, float, float]
Orientation = tuple[float, float, float, float, float, float]

_MOST_FRAMES: Final = 200_000
_PIECE: Final = 1 << 20
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
_DOSE: Final = _STORAGE + "481.2"


@dataclass(frozen=True)
class Frame:
    """One slice: where it lies (None where the header does not say) and what its stored numbers mean."""

    index: int  # in its file, from 0
    position: Point | None
    orientation: Orientation | None
    pixel_mm: tuple[float, float] | None  # between rows, between columns
    thickness: float | None
    spacing_between: float | None
    slope: float
    intercept: float
    window: tuple[float, float] | None  # centre, width
    told_apart_by: tuple[tuple[str, str], ...] = ()
    """What differs between frames at one place: (name, value), such as ("echo", "2")."""


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


class Malformed(Exception):
    """An element whose value cannot be understood; the message names it, never its value."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """pydicom's warnings and log lines repeat values of the header: none of them is let out."""
    logger = logging.getLogger("pydicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Whatever a damaged element raises when it is looked at becomes ScanUnreadable.

    pydicom decodes elements when they are asked for, so this may be anywhere; its own words may quote the header, and
    must not reach a crash file.
    """
    try:
        yield
    except Malformed as fault:
        raise ScanUnreadable(
            f"{path}: its header is damaged ({fault}).", hint="Export the series again; if that fails, convert it."
        ) from None
    except (EngineError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise ScanUnreadable(
            f"{path}: its header cannot be understood ({type(error).__name__}).", hint=SEND_AGAIN
        ) from None


def load(path: Path, *, pixels: bool) -> pydicom.FileDataset:
    """The dataset, with or without its pixels; a missing transfer syntax is filled in from how the file was read.

    Raises ScanUnreadable. No message holds a value of the header.
    """
    try:
        _check_deflated(path)
        dataset = pydicom.dcmread(path, stop_before_pixels=not pixels, force=True)
        if not hasattr(dataset, "file_meta"):
            dataset.file_meta = pydicom.dataset.FileMetaDataset()
        if not dataset.file_meta.get("TransferSyntaxUID"):
            implicit, little = dataset.original_encoding
            explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
        return dataset
    except (ScanUnreadable, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise ScanUnreadable(
                f"{path} cannot be opened: {error.strerror}.", hint="Check that you may read it, or copy it elsewhere."
            ) from None
        raise _no_dicom(path) from None
    except Exception:  # noqa: BLE001 - whatever a damaged file makes of the parser; its words may quote the header
        raise _no_dicom(path) from None


def read_instance(path: Path) -> Instance:
    """What `Instance` holds, pixels left where they are. Raises ScanUnreadable, for objects without pixels too."""
    with quiet(), in_words(path):
        return _instance(path, load(path, pixels=False))


def _instance(path: Path, dataset: pydicom.FileDataset) -> Instance:
    sop_class = _text(dataset, "SOPClassUID")
    _refuse_what_is_no_scan(path, dataset, sop_class)
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    if rows is None or columns is None:
        raise ScanUnreadable(
            f"{path} is DICOM, but holds no image.", hint="Give a series of images; is the file cut off?"
        )
    count = _whole(dataset, "NumberOfFrames") or 1
    if not 1 <= count <= _MOST_FRAMES:
        raise Malformed("the number of frames")
    samples, bits = _whole(dataset, "SamplesPerPixel") or 1, _whole(dataset, "BitsAllocated") or 16
    if samples not in (1, 3, 4) or not 1 <= bits <= 64:
        raise Malformed("samples and bits of a pixel")
    sizes = (columns, rows, count)
    check_sizes(path, sizes, math.prod(sizes) * samples * max(1, bits // 8))
    mosaic = _mosaic(dataset)
    return Instance(
        path=path,
        size=path.stat().st_size,
        series=_text(dataset, "SeriesInstanceUID"),
        sop=_text(dataset, "SOPInstanceUID"),
        sop_class=sop_class,
        syntax=str(dataset.file_meta.TransferSyntaxUID),
        modality=_modality(dataset),
        description=" ".join(_text(dataset, "SeriesDescription").split())[:80],
        series_number=_whole_or(dataset, "SeriesNumber", 0),
        instance_number=_whole_or(dataset, "InstanceNumber", 0),
        study_and_number="|".join(
            _text(dataset, keyword)
            for keyword in ("StudyInstanceUID", "SeriesNumber", "FrameOfReferenceUID", "Modality", "SeriesDescription")
        ),
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=bits,
        photometric=_text(dataset, "PhotometricInterpretation"),
        frame_count=count,
        frames=frames_of(dataset, count, sop_class),
        mosaic=mosaic,
        burned_in=_text(dataset, "BurnedInAnnotation").upper() == "YES",
        lossy=_text(dataset, "LossyImageCompression") == "01",
        identifiers=identifiers_of(dataset),
    )


def _refuse_what_is_no_scan(path: Path, dataset: pydicom.FileDataset, sop_class: str) -> None:
    if "DirectoryRecordSequence" in dataset:
        raise NotAnImage(f"{path} is the index of a DICOM medium.", hint="Give the folder that it lies in.")
    if not sop_class and "Rows" not in dataset and "Modality" not in dataset and dataset.preamble is None:
        raise _no_dicom(path)
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


def _no_dicom(path: Path) -> ScanUnreadable:
    return ScanUnreadable(f"{path} is not a DICOM file, or its header is damaged.", hint=SEND_AGAIN)


def _check_deflated(path: Path) -> None:
    """A deflated file is unpacked as a whole when it is read: its size is found out beforehand, piece by piece."""
    with path.open("rb") as file:
        file.seek(128)
        if file.read(4) != b"DICM":
            return
        try:
            meta = pydicom.filereader.read_file_meta_info(path)
        except Exception:  # noqa: BLE001 - said when the file itself is read
            return
        if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            return
        file.seek(144 + int(meta.get("FileMetaInformationGroupLength", 0)))
        unpacker, length = zlib.decompressobj(-zlib.MAX_WBITS), 0
        rest = file.read(_PIECE)
        while rest and not unpacker.eof:
            length += len(unpacker.decompress(rest, _PIECE))
            rest = unpacker.unconsumed_tail or file.read(_PIECE)
            if length > 64 * _PIECE and length % (64 * _PIECE) < _PIECE:
                check_sizes(path, (1,), length)
        check_sizes(path, (1,), length)


def _mosaic(dataset: pydicom.FileDataset) -> int:
    """Siemens' sheets of slices: told by the image type; the private element says how many slices there are."""
    kinds = [kind.strip().upper() for kind in _text(dataset, "ImageType").split("\\")]
    if "MOSAIC" not in kinds:
        return 0
    with contextlib.suppress(Exception):
        value = dataset.private_block(0x0019, "SIEMENS MR HEADER")[0x0A].value
        count = int.from_bytes(value, "little") if isinstance(value, bytes) else int(value)
        return count if 1 <= count <= 10_000 else -1
    return -1


def _modality(dataset: pydicom.FileDataset) -> str:
    text = _text(dataset, "Modality").upper()
    return text if 1 <= len(text) <= 16 and text.isalnum() and text.isascii() else "?"


# frames


def frames_of(dataset: pydicom.FileDataset, count: int, sop_class: str = "") -> tuple[Frame, ...]:
    """Where each frame lies and what its numbers mean. Raises Malformed."""
    shared = _item(dataset, "SharedFunctionalGroupsSequence")
    each = dataset.get("PerFrameFunctionalGroupsSequence")
    if each is not None and len(each) not in (0, count):
        raise Malformed("functional groups of fewer or more frames than there are")
    if each or shared is not None:
        return tuple(_enhanced(dataset, shared, each[i] if each else None, i) for i in range(count))
    if sop_class == _DOSE:
        return _doseframes_of(dataset, count)
    if count > 1:
        # Frames of a film, or of an object whose positions were taken out.
        bare = _plain(dataset, 0)
        unplaced = replace(bare, position=None, orientation=None, pixel_mm=None, told_apart_by=())
        return tuple(replace(unplaced, index=index) for index in range(count))
    return (_plain(dataset, 0),)


def _plain(dataset: Any, index: int) -> Frame:
    slope, intercept = _scale(dataset)
    return Frame(
        index,
        _point(_numbers(dataset, "ImagePositionPatient", 3)),
        _six(_numbers(dataset, "ImageOrientationPatient", 6)),
        _two(_numbers(dataset, "PixelSpacing", 2)),
        _first(dataset, "SliceThickness"),
        _first(dataset, "SpacingBetweenSlices"),
        slope,
        intercept,
        _window(dataset),
        _marks(
            dataset,
            ("time point", "TemporalPositionIdentifier"),
            ("echo", "EchoNumbers"),
            ("echo time", "EchoTime"),
            ("b-value", "DiffusionBValue"),
            ("image type", "ImageType"),
            ("acquisition", "AcquisitionNumber"),
            ("trigger time", "TriggerTime"),
            ("acquisition time", "AcquisitionTime"),
        ),
    )


def _enhanced(dataset: Any, shared: Any, own: Any, index: int) -> Frame:
    def group(keyword: str) -> Any:
        for place in (own, shared):
            found = _item(place, keyword) if place is not None else None
            if found is not None:
                return found
        return {}

    measures, content = group("PixelMeasuresSequence"), group("FrameContentSequence")
    slope, intercept = _scale(group("PixelValueTransformationSequence") or dataset)
    return Frame(
        index,
        _point(_numbers(group("PlanePositionSequence"), "ImagePositionPatient", 3)),
        _six(_numbers(group("PlaneOrientationSequence"), "ImageOrientationPatient", 6)),
        _two(_numbers(measures, "PixelSpacing", 2)),
        _first(measures, "SliceThickness"),
        _first(measures, "SpacingBetweenSlices"),
        slope,
        intercept,
        _window(group("FrameVOILUTSequence")) or _window(dataset),
        (
            *_marks(content, ("time point", "TemporalPositionIndex"), ("stack", "StackID")),
            *_marks(group("MREchoSequence"), ("echo time", "EffectiveEchoTime")),
            *_marks(group("MRDiffusionSequence"), ("b-value", "DiffusionBValue")),
            *_marks(group("MRImageFrameTypeSequence"), ("image type", "FrameType")),
            *_marks(group("CTImageFrameTypeSequence"), ("image type", "FrameType")),
            *_marks(content, ("acquisition", "FrameAcquisitionNumber")),
        ),
    )


def _doseframes_of(dataset: Any, count: int) -> tuple[Frame, ...]:
    """A dose grid: one position, and how far each frame lies from it along the normal."""
    first = _plain(dataset, 0)
    scaling = _first(dataset, "DoseGridScaling")
    slope = 1.0 if scaling is None else scaling
    offsets = _numbers(dataset, "GridFrameOffsetVector", count) if count > 1 else (0.0,)
    frames = []
    for index in range(count):
        position = None
        if offsets is not None and first.position is not None and first.orientation is not None:
            normal = normal_of(first.orientation)
            # Offsets are from the first position, or (where the first is not zero) places along the axis.
            along = offsets[index] - offsets[0]
            x, y, z = (p + along * n for p, n in zip(first.position, normal, strict=True))
            position = (x, y, z)
        frames.append(
            Frame(index, position, first.orientation, first.pixel_mm, first.thickness, None, slope, 0.0, first.window)
        )
    return tuple(frames)


def normal_of(orientation: Orientation) -> Point:
    """Row direction × column direction."""
    a, b, c, d, e, f = orientation
    return b * f - c * e, c * d - a * f, a * e - b * d


def _scale(dataset: Any) -> tuple[float, float]:
    slope, intercept = _first(dataset, "RescaleSlope"), _first(dataset, "RescaleIntercept")
    if slope == 0:
        raise Malformed("a rescale slope of zero")
    return (1.0 if slope is None else slope), (0.0 if intercept is None else intercept)


def _window(dataset: Any) -> tuple[float, float] | None:
    """The first window of the header; one that cannot be is left out: it concerns the display alone."""
    try:
        centre, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    except Malformed:
        return None
    return (centre, width) if centre is not None and width is not None and width > 0 else None


def _marks(dataset: Any, *named: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, keyword in named if (text := _text(dataset, keyword)))


# elements


def _item(dataset: Any, keyword: str) -> Any:
    value = dataset.get(keyword)
    return value[0] if value else None


def _text(dataset: Any, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except Exception:  # noqa: BLE001 - an element that cannot be decoded says nothing
        return ""
    if value is None:
        return ""
    several = not isinstance(value, str | bytes) and hasattr(value, "__iter__")
    text = "\\".join(str(part) for part in value) if several else str(value)
    return text.strip(" \0")


def _numbers(dataset: Any, keyword: str, count: int | None) -> tuple[float, ...] | None:
    """All values of an element; None where it is missing or empty. Raises Malformed for others than `count` numbers."""
    try:
        value = dataset.get(keyword)
        if value is None or value == "":
            return None
        several = not isinstance(value, str | bytes) and hasattr(value, "__iter__")
        values = tuple(float(part) for part in value) if several else (float(value),)
    except Exception:  # noqa: BLE001 - pydicom raises many kinds for many faults
        raise Malformed(_said(keyword)) from None
    if not values:
        return None
    if not all(math.isfinite(number) for number in values) or (count is not None and len(values) != count):
        raise Malformed(_said(keyword))
    return values


def _first(dataset: Any, keyword: str) -> float | None:
    values = _numbers(dataset, keyword, None)
    return None if values is None else values[0]


def _whole(dataset: Any, keyword: str) -> int | None:
    value = _first(dataset, keyword)
    if value is None:
        return None
    if value != int(value) or value < 0:
        raise Malformed(_said(keyword))
    return int(value)


def _whole_or(dataset: Any, keyword: str, otherwise: int) -> int:
    try:
        value = _first(dataset, keyword)
    except Malformed:
        return otherwise
    return otherwise if value is None else int(value)


def _point(values: tuple[float, ...] | None) -> Point | None:
    return None if values is None else (values[0], values[1], values[2])


def _six(values: tuple[float, ...] | None) -> Orientation | None:
    if values is None:
        return None
    a, b, c, d, e, f = values
    lengths = (math.hypot(a, b, c), math.hypot(d, e, f))
    if any(abs(length - 1) > 0.02 for length in lengths) or abs(a * d + b * e + c * f) > 0.02:
        raise Malformed("the image orientation is no pair of perpendicular directions")
    return (a / lengths[0], b / lengths[0], c / lengths[0], d / lengths[1], e / lengths[1], f / lengths[1])


def _two(values: tuple[float, ...] | None) -> tuple[float, float] | None:
    if values is None:
        return None
    if min(values) <= 0:
        raise Malformed("a pixel spacing of zero or less")
    return values[0], values[1]


def _said(keyword: str) -> str:
    """ "the rescale slope" for RescaleSlope."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in keyword)
    return f"the element{words}" if not words.strip() else "the" + words
