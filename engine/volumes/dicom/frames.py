"""The frames of a DICOM object: where each lies and what its stored numbers mean (PS3.3 C.7.6.2, C.7.6.16, C.8.8.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import pydicom

from engine.volumes.dicom.elements import Malformed, item_of, number_of, numbers_of, text_of

Point = tuple[float, float, float]
Orientation = tuple[float, float, float, float, float, float]

_DOSE: Final = "1.2.840.10008.5.1.4.1.1.481.2"


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


def frames_of(dataset: pydicom.FileDataset, count: int, sop_class: str = "") -> tuple[Frame, ...]:
    """Where each frame lies and what its numbers mean. Raises Malformed."""
    shared = item_of(dataset, "SharedFunctionalGroupsSequence")
    each = dataset.get("PerFrameFunctionalGroupsSequence")
    if each is not None and len(each) not in (0, count):
        raise Malformed("functional groups of fewer or more frames than there are")
    if each or shared is not None:
        return tuple(_enhanced(dataset, shared, each[i] if each else None, i) for i in range(count))
    if sop_class == _DOSE:
        return _dose_frames(dataset, count)
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
        _point(numbers_of(dataset, "ImagePositionPatient", 3)),
        _six(numbers_of(dataset, "ImageOrientationPatient", 6)),
        _two(numbers_of(dataset, "PixelSpacing", 2)),
        number_of(dataset, "SliceThickness"),
        number_of(dataset, "SpacingBetweenSlices"),
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
            found = item_of(place, keyword) if place is not None else None
            if found is not None:
                return found
        return {}

    measures, content = group("PixelMeasuresSequence"), group("FrameContentSequence")
    slope, intercept = _scale(group("PixelValueTransformationSequence") or dataset)
    return Frame(
        index,
        _point(numbers_of(group("PlanePositionSequence"), "ImagePositionPatient", 3)),
        _six(numbers_of(group("PlaneOrientationSequence"), "ImageOrientationPatient", 6)),
        _two(numbers_of(measures, "PixelSpacing", 2)),
        number_of(measures, "SliceThickness"),
        number_of(measures, "SpacingBetweenSlices"),
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


def _dose_frames(dataset: Any, count: int) -> tuple[Frame, ...]:
    """A dose grid: one position, and how far each frame lies from it along the normal."""
    first = _plain(dataset, 0)
    scaling = number_of(dataset, "DoseGridScaling")
    slope = 1.0 if scaling is None else scaling
    offsets = numbers_of(dataset, "GridFrameOffsetVector", count) if count > 1 else (0.0,)
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
    slope, intercept = number_of(dataset, "RescaleSlope"), number_of(dataset, "RescaleIntercept")
    if slope == 0:
        raise Malformed("a rescale slope of zero")
    return (1.0 if slope is None else slope), (0.0 if intercept is None else intercept)


def _window(dataset: Any) -> tuple[float, float] | None:
    """The first window of the header; one that cannot be is left out: it concerns the display alone."""
    try:
        centre, width = number_of(dataset, "WindowCenter"), number_of(dataset, "WindowWidth")
    except Malformed:
        return None
    return (centre, width) if centre is not None and width is not None and width > 0 else None


def _marks(dataset: Any, *named: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, keyword in named if (text := text_of(dataset, keyword)))


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
