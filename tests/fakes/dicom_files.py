"""Small DICOM files, written here: a drawn pattern in the pixels, a made-up patient in the header."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian

CT = UID("1.2.840.10008.5.1.4.1.1.2")
MR = UID("1.2.840.10008.5.1.4.1.1.4")
ENHANCED_MR = UID("1.2.840.10008.5.1.4.1.1.4.1")
SECONDARY = UID("1.2.840.10008.5.1.4.1.1.7")
ULTRASOUND = UID("1.2.840.10008.5.1.4.1.1.3.1")
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

PLANTED = {
    "PatientName": "Quagmire^Glennathan^^Dr",
    "PatientID": "PID-77120934",
    "PatientBirthDate": "19540229",
    "OtherPatientIDs": "OLD-5550199",
    "AccessionNumber": "ACC8842017",
    "ReferringPhysicianName": "Hibbertson^Julius",
    "InstitutionName": "Springfieldia Memorial",
    "PatientAddress": "742 Evergreenish Terrace",
    "StudyID": "STUDY4711",
}
"""A made-up patient whose words must turn up nowhere."""
STUDY_UID, SERIES_UID = "1.2.826.0.1.3680043.8.498.1111", "1.2.826.0.1.3680043.8.498.2222"
SECRETS = (
    *("Quagmire", "Glennathan", "77120934", "19540229", "5550199", "8842017", "Hibbertson", "Springfieldia"),
    *("Evergreenish", "STUDY4711", "3680043.8.498"),
)
"""What a text is searched for, whatever its case."""


def pattern(rows: int, columns: int, index: int) -> NDArray[np.int16]:
    """Another picture for every index."""
    y, x = np.mgrid[:rows, :columns]
    return (index * 100 + y * 7 + x * 3).astype(np.int16)


def dataset(pixels: NDArray[Any], number: int = 1, *, sop_class: UID = CT, **more: Any) -> Dataset:
    """One file of `pixels` [rows, columns(, 3)] or [frames, rows, columns]; `more` sets or (None) removes elements."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = sop_class
    made.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.3333.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = STUDY_UID, SERIES_UID
    made.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.4444"
    made.Modality = {CT: "CT", MR: "MR", ENHANCED_MR: "MR", ULTRASOUND: "US"}.get(sop_class, "OT")
    made.SeriesNumber, made.InstanceNumber = 3, number
    made.SeriesDescription = "Drawn pattern"
    for keyword, value in PLANTED.items():
        setattr(made, keyword, value)
    colour = pixels.ndim == 3 and pixels.shape[-1] == 3
    shape = pixels.shape[:-1] if colour else pixels.shape
    made.SamplesPerPixel = 3 if colour else 1
    made.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        made.PlanarConfiguration = 0
    if len(shape) == 3:
        made.NumberOfFrames = shape[0]
    made.Rows, made.Columns = shape[-2:]
    made.BitsAllocated = made.BitsStored = pixels.dtype.itemsize * 8
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    for keyword, value in more.items():
        if value is not None:
            setattr(made, keyword, value)
        elif keyword in made:
            delattr(made, keyword)
    return made


def placed(
    position: Sequence[float], orientation: Sequence[float] = AXIAL, pixel: Sequence[float] = (0.7, 0.5)
) -> dict[str, Any]:
    """The elements that say where a slice lies; `pixel` is the distance of rows, then of columns."""
    return {
        "ImagePositionPatient": [f"{value:.10g}"[:16] for value in position],
        "ImageOrientationPatient": [f"{value:.10g}"[:16] for value in orientation],
        "PixelSpacing": list(pixel),
        "SliceThickness": 2.5,
    }


def save(made: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def write_series(
    folder: Path,
    positions: Sequence[Sequence[float]],
    *,
    orientation: Sequence[float] = AXIAL,
    shape: tuple[int, int] = (6, 8),
    seed: int = 1,
    first: int = 1,
    **more: Any,
) -> list[Path]:
    """A slice at each position, `pattern(…, i)` in the i-th; names and numbers of files say nothing of the order."""
    numbers = list(range(first, first + len(positions)))
    random.Random(seed).shuffle(numbers)
    files = []
    for index, (position, number) in enumerate(zip(positions, numbers, strict=True)):
        made = dataset(pattern(*shape, index), number, **{**placed(position, orientation), **more})
        files.append(save(made, folder / f"IM{number:04d}"))
    return files


def evenly(
    count: int, step: Sequence[float] = (0.0, 0.0, 2.5), start: Sequence[float] = (-10.0, -20.0, 30.0)
) -> list[tuple[float, ...]]:
    """`count` positions from `start`, each a `step` further."""
    return [tuple(s + i * d for s, d in zip(start, step, strict=True)) for i in range(count)]


def enhanced(positions: Sequence[Sequence[float]], slopes: Sequence[float] | None = None, **more: Any) -> Dataset:
    """A multi-frame MR file: one frame at each position, in the order given."""
    frames = np.stack([pattern(6, 8, i) for i in range(len(positions))])
    made = dataset(frames, sop_class=ENHANCED_MR, **more)
    shared = Dataset()
    plane, measures = Dataset(), Dataset()
    plane.ImageOrientationPatient = list(AXIAL)
    measures.PixelSpacing, measures.SliceThickness = [0.7, 0.5], 2.5
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Items([plane]), Items([measures])
    made.SharedFunctionalGroupsSequence = Items([shared])
    each = []
    for index, position in enumerate(positions):
        own, place, values = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [float(value) for value in position]
        values.RescaleSlope, values.RescaleIntercept = (slopes[index] if slopes else 1), 0
        values.RescaleType = "US"
        own.PlanePositionSequence, own.PixelValueTransformationSequence = Items([place]), Items([values])
        each.append(own)
    made.PerFrameFunctionalGroupsSequence = Items(each)
    return made
