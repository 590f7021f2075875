"""Reads DICOM SEG (binary, fractional) and label maps: frames → segments on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.frames import Frame, frames_of, normal_of
from engine.volumes.dicom.opening import in_words, load, quiet
from engine.volumes.geometry import Geometry
from engine.volumes.headers.stored_array import SEND_AGAIN, check_sizes
from engine.volumes.segments import COLOURS, NamedMask, StoredSegments
from engine.volumes.terminology import UNSPECIFIED, Code, Term

SEG: Final = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP: Final = "1.2.840.10008.5.1.4.1.1.66.7"
_SAME_MM: Final = 1e-2
_CONVERT: Final = "Convert it (dcmqi, 3D Slicer) to NIfTI or NRRD."


def is_seg(path: Path) -> bool:
    """Whether a DICOM file is a segmentation or label map; False for what cannot be read."""
    try:
        with quiet(), in_words(path):
            return str(load(path, pixels=False).get("SOPClassUID") or "") in (SEG, LABEL_MAP)
    except ScanUnreadable:
        return False


def read_seg(path: Path) -> StoredSegments:
    """The segments, on the smallest grid that holds all frames: empty slices at its ends are not in the file.

    Probabilities are cut at one half, and that is noted. Raises ScanUnreadable for frames that form no grid.
    """
    with quiet(), in_words(path):
        dataset = load(path, pixels=True)
        kind = str(dataset.get("SOPClassUID") or "")
        if kind not in (SEG, LABEL_MAP):
            raise ScanUnreadable(f"{path} is no DICOM segmentation.", hint="Give a DICOM SEG file.")
        if "TotalPixelMatrixRows" in dataset:
            raise ScanUnreadable(f"{path} is a segmentation of a whole-slide image in tiles.", hint=_CONVERT)
        described = _segments(dataset)
        rows, columns, count = int(dataset.Rows), int(dataset.Columns), int(dataset.get("NumberOfFrames") or 1)
        check_sizes(path, (columns, rows, count), 2 * columns * rows * count)
        frames = frames_of(dataset, count)
        place, geometry = _places(path, frames)
        depth = max(place) + 1
        check_sizes(path, (columns, rows, depth), columns * rows * depth * max(1, len(described)))
        stored = _decoded(path, dataset, (count, rows, columns))
        notes: list[str] = []
        shape = (depth, rows, columns)
        levels: dict[int, NDArray[np.uint8]] = {}
        if str(dataset.get("SegmentationType")) == "FRACTIONAL":
            highest = int(dataset.get("MaximumFractionalValue") or 255)
            if highest == 255 and stored.dtype == np.uint8:
                levels = {number: np.zeros(shape, np.uint8) for number in described}
                for number, frame, z in zip(_numbers(dataset, count, described), stored, place, strict=True):
                    levels[number][z] = frame
            stored = 2 * stored.astype(np.uint16) >= highest
            notes.append("The file holds probabilities or shares; they are cut at one half.")
        if kind == LABEL_MAP:
            whole = np.zeros(shape, stored.dtype)
            for frame, z in zip(stored, place, strict=True):
                whole[z] = frame
            masks = {number: whole == number for number in described if number}
        else:
            masks = {number: np.zeros(shape, bool) for number in described}
            for number, frame, z in zip(_numbers(dataset, count, described), stored, place, strict=True):
                masks[number][z] |= frame.astype(bool)
        named = tuple(_named(described[number], number, mask, levels.get(number)) for number, mask in masks.items())
        return StoredSegments(named, geometry, shape, tuple(notes))


def read_parameters(path: Path) -> str | None:
    """The algorithm parameters of all segments, joined in their order: where this program leaves its receipt."""
    with quiet(), in_words(path):
        dataset = load(path, pixels=False)
        pieces = []
        for segment in dataset.get("SegmentSequence") or []:
            for algorithm in segment.get("SegmentationAlgorithmIdentificationSequence") or []:
                pieces.append(str(algorithm.get("AlgorithmParameters") or ""))
        return "".join(pieces) or None


def _segments(dataset: Any) -> dict[int, Any]:
    found = {int(item.SegmentNumber): item for item in dataset.get("SegmentSequence") or []}
    if not found:
        raise ScanUnreadable("The segmentation describes no segment.", hint=SEND_AGAIN)
    return found


def _decoded(path: Path, dataset: Any, shape: tuple[int, int, int]) -> NDArray[Any]:
    if not dataset.get("PixelData"):
        raise ScanUnreadable(f"{path} holds no pixels: only its header is there.", hint=SEND_AGAIN)
    try:
        stored: NDArray[Any] = pixel_array(dataset, raw=True)
    except NotImplementedError:
        raise ScanUnreadable(f"{path}: its pixels are packed in a way that is not read here.", hint=_CONVERT) from None
    except Exception:  # noqa: BLE001 - decoders raise whatever they like; their words may quote the header
        raise ScanUnreadable(f"{path}: its pixels cannot be unpacked.", hint=SEND_AGAIN) from None
    if stored.size != int(np.prod(shape)):
        raise ScanUnreadable(f"{path}: its pixels are not of the size that the header says.", hint=SEND_AGAIN)
    return stored.reshape(shape)


def _numbers(dataset: Any, count: int, described: dict[int, Any]) -> list[int]:
    """The segment that each frame belongs to."""
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [{}])[0]
    each = dataset.get("PerFrameFunctionalGroupsSequence") or [{}] * count
    found = []
    for own in each:
        for group in (own, shared):
            item = (group.get("SegmentIdentificationSequence") or [None])[0]
            if item is not None:
                found.append(int(item.ReferencedSegmentNumber))
                break
        else:
            found.append(next(iter(described)))
    if any(number not in described for number in found):
        raise ScanUnreadable("A frame belongs to a segment that is not described.", hint=SEND_AGAIN)
    return found


def _places(path: Path, frames: Sequence[Frame]) -> tuple[list[int], Geometry | None]:
    """For each frame the slice that it lies in, and the grid of these slices; one slice and None without positions."""
    first = frames[0]
    if any(frame.position is None for frame in frames) or first.orientation is None or first.pixel_mm is None:
        if len(frames) > 1 and any(frame.position is not None for frame in frames):
            raise ScanUnreadable(f"{path}: its header does not say where all frames lie.", hint=_CONVERT)
        return [0] * len(frames), None
    points = np.array([frame.position for frame in frames], np.float64)
    normal = np.array(normal_of(first.orientation))
    along = points @ normal
    order = np.argsort(along, kind="stable")
    distinct = [order[0]]
    for index in order[1:]:
        if along[index] - along[distinct[-1]] > _SAME_MM:
            distinct.append(index)
    steps = np.diff(along[distinct])
    apart = _apart(path, first, steps)
    place = [round(float(value)) for value in (along - along[order[0]]) / apart]
    step = normal * apart
    if len(distinct) > 1:
        # Slanted slices (gantry tilt) move sideways too.
        span = max(place)
        step = (points[distinct[-1]] - points[distinct[0]]) / span
    off = points - (points[order[0]] + np.array(place)[:, None] * step)
    if float(np.max(np.linalg.norm(off, axis=1))) > 0.1 * apart:
        raise ScanUnreadable(f"{path}: its frames form no regular grid.", hint=_CONVERT)
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1] = row * first.pixel_mm[1], column * first.pixel_mm[0]
    matrix[:3, 2], matrix[:3, 3] = step, points[order[0]]
    return place, Geometry.from_matrix(matrix)


def _apart(path: Path, first: Frame, steps: NDArray[np.float64]) -> float:
    """The distance of neighbouring slices: what the header says where the frames fit it, else the smallest found."""
    said = abs(first.spacing_between or 0.0)
    if not steps.size:
        return said or abs(first.thickness or 0.0) or 1.0
    for apart in (said, float(steps.min())):
        if apart > 0 and np.all(np.abs(steps / apart - np.maximum(np.rint(steps / apart), 1)) < 0.1):
            return apart
    raise ScanUnreadable(f"{path}: its frames are unevenly spaced, so they form no regular grid.", hint=_CONVERT)


def _named(item: Any, number: int, mask: NDArray[np.bool_], levels: NDArray[np.uint8] | None) -> NamedMask:
    name = str(item.get("SegmentLabel") or f"Segment {number}")
    return NamedMask(name, number, mask, _colour(item, number), _term(item), levels)


def _colour(item: Any, number: int) -> str:
    value = item.get("RecommendedDisplayCIELabValue")
    if value is None or len(value) != 3:
        return COLOURS[(number - 1) % len(COLOURS)]
    from highdicom.color import CIELabColor

    return "#" + "".join(f"{part:02x}" for part in CIELabColor.from_dicom_value(list(value)).to_rgb(clip=True))


def _term(item: Any) -> Term:
    category = _code(item.get("SegmentedPropertyCategoryCodeSequence"))
    kind = _code(item.get("SegmentedPropertyTypeCodeSequence"))
    if category is None or kind is None:
        return UNSPECIFIED
    inner = item.SegmentedPropertyTypeCodeSequence[0].get("SegmentedPropertyTypeModifierCodeSequence")
    return Term(category, kind, _code(inner))


def _code(items: Any) -> Code | None:
    if not items:
        return None
    item = items[0]
    value = item.get("CodeValue") or item.get("LongCodeValue") or ""
    return Code(str(item.get("CodingSchemeDesignator") or ""), str(value), str(item.get("CodeMeaning") or ""))
