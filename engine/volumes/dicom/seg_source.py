"""The series under a DICOM SEG: what a segmentation must repeat of its slices, and of the patient where that is wished.

Slices are copied by a list of what is needed, never by one of what is left out: nothing unknown goes along.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.valuerep import DA, TM

from engine.contract.errors import InputError
from engine.volumes.dicom.frames import Frame
from engine.volumes.dicom.header import read_instance
from engine.volumes.dicom.opening import in_words, load, quiet
from engine.volumes.volume import Volume

ALTERNATIVES: Final = "Save it as .seg.nrrd (names, colours and codes too), .nii.gz, .nrrd or .mha."
_NEEDED: Final = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_SLICE: Final = (*_NEEDED, "FrameOfReferenceUID", "Modality", "Rows", "Columns")
_UIDS: Final = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_TOLD: Final = (
    "PatientName", "PatientID", "OtherPatientIDs", "PatientBirthDate", "PatientSex", "PatientAge", "PatientSize",
    "PatientWeight", "PatientComments", "EthnicGroup", "AccessionNumber", "StudyID", "StudyDate", "StudyTime",
    "StudyDescription", "ReferringPhysicianName", "AdmissionID", "AdditionalPatientHistory", "InstitutionName",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """`datasets`: a file for each slice of the volume, in its order; or one file with a frame for each.

    `frame_numbers`: which frames of that file they are, from 1; it may hold others besides.
    """

    datasets: list[Dataset]
    frame_numbers: tuple[int, ...] = ()


def check_source(name: str, like: Volume) -> None:
    """Raises InputError where `like` is nothing that a DICOM SEG can refer to; `name` is the file to be written."""
    if like.format != "dicom" or not like.header:
        kind = "a picture" if like.is_picture else "no DICOM series"
        other = "Save it as PNG." if like.is_picture else ALTERNATIVES
        raise InputError(
            f"{name}: DICOM SEG refers to the slices of a DICOM series, and the scan is {kind}.", hint=other
        )
    if json.loads(like.header)["kind"] == "mosaic":
        raise InputError(
            f"{name}: the scan is a sheet of slices in one frame (Siemens mosaic). A DICOM SEG would have to refer to "
            "that frame, whose place in the patient is that of the sheet: it would not lie on the slices.",
            hint=ALTERNATIVES,
        )


def check_header(like: Volume) -> None:
    """Raises InputError where the header of the series' first file lacks what `read_source` will ask for."""
    first = Path(json.loads(like.header)["files"][0])
    with quiet(), in_words(first):
        missing = _missing(load(first, pixels=False), placed=like.geometry is not None)
    if missing:
        raise _lacks(missing)


def _missing(full: Dataset, *, placed: bool) -> list[str]:
    needed = (*_NEEDED, "FrameOfReferenceUID") if placed else _NEEDED
    return [keyword for keyword in needed if not str(full.get(keyword) or "")]


def _lacks(missing: Sequence[str]) -> InputError:
    return InputError(
        f"The series' header lacks what a DICOM SEG refers to it by ({', '.join(missing)}).", hint=ALTERNATIVES
    )


def identity_in(like: Volume) -> list[str]:
    """Which elements that say who the patient is the series holds, in words ("Patient Name"); never their values."""
    first = Path(json.loads(like.header)["files"][0])
    with quiet(), in_words(first):
        dataset = load(first, pixels=False)
        return [dataset[keyword].name for keyword in _TOLD if str(dataset.get(keyword) or "").strip()]


def read_source(like: Volume, *, keep: bool) -> Source:
    """The series of a volume that `check_source` took. `keep`: patient and study as in the series, else a pseudonym.

    Raises InputError where its header lacks what the standard asks for, ScanUnreadable where a file is gone.
    """
    known = json.loads(like.header)
    files, frames = [Path(file) for file in known["files"]], [tuple(pair) for pair in known["frames"]]
    instances = [read_instance(file) for file in files]
    if len(files) > 1 and any(instance.frame_count > 1 for instance in instances):
        raise InputError("The series lies in several files of several frames each.", hint=ALTERNATIVES)
    placed = like.geometry is not None
    chosen = [frame for _, frame in frames]
    made = []
    with quiet():
        for instance in instances:
            with in_words(instance.path):
                full = load(instance.path, pixels=False)
                shown = [instance.frames[i] for i in chosen] if len(files) == 1 else instance.frames
                made.append(_bare(full, shown, placed=placed, spacing=_spacing(like)))
        if placed:
            # Slices of a series may differ in the last digit of their direction; the first one's stands for all.
            for dataset in made[1:]:
                if "ImageOrientationPatient" in dataset:
                    dataset.ImageOrientationPatient = made[0].ImageOrientationPatient
        with in_words(files[0]):
            if keep:
                _keep_identity(made[0], load(files[0], pixels=False))
            else:
                _deidentify(made)
    if len(files) > 1:
        return Source([made[file] for file, _ in frames])
    return Source(made, tuple(number + 1 for number in chosen))


def _spacing(like: Volume) -> float | None:
    """Between the planes of the slices, along their normal: less than the step where the gantry is tilted."""
    if like.geometry is None:
        return None
    matrix = like.geometry.matrix[:3, :3]
    normal = np.cross(matrix[:, 0], matrix[:, 1])
    return float(abs(matrix[:, 2] @ normal) / np.linalg.norm(normal))


def _bare(full: Dataset, frames: Sequence[Frame], *, placed: bool, spacing: float | None) -> Dataset:
    bare = Dataset()
    for keyword in _SLICE:
        if keyword in full:
            bare[keyword] = full[keyword]
    if missing := _missing(full, placed=placed):
        raise _lacks(missing)
    if not placed:
        bare.pop("FrameOfReferenceUID", None)
    bare.file_meta = full.file_meta
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(bare, keyword, "")
    bare.StudyDate = bare.StudyTime = bare.ReferringPhysicianName = None
    if "NumberOfFrames" in full:
        bare.NumberOfFrames = len(frames)
    if placed and "ImagePositionPatient" in full and len(frames) == 1:
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            bare[keyword] = full[keyword]
        bare.SliceThickness = full.get("SliceThickness") or _decimal(spacing)
        bare.SpacingBetweenSlices = _decimal(spacing)
    elif placed:
        _add_groups(bare, frames, spacing)
    elif "PixelSpacing" in full:
        bare.PixelSpacing = full.PixelSpacing
    return bare


def _add_groups(bare: Dataset, frames: Sequence[Frame], spacing: float | None) -> None:
    """The functional groups that say where the frames lie, and nothing else of them."""
    first = frames[0]
    assert first.orientation is not None
    assert first.pixel_mm is not None
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [_decimal(value) for value in first.orientation]
    measures.PixelSpacing = [_decimal(value) for value in first.pixel_mm]
    measures.SliceThickness = _decimal(first.thickness or spacing)
    measures.SpacingBetweenSlices = _decimal(spacing)
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Items([orientation]), Items([measures])
    each = []
    for frame in frames:
        own, place = Dataset(), Dataset()
        assert frame.position is not None
        place.ImagePositionPatient = [_decimal(value) for value in frame.position]
        own.PlanePositionSequence = Items([place])
        each.append(own)
    bare.SharedFunctionalGroupsSequence = Items([shared])
    bare.PerFrameFunctionalGroupsSequence = Items(each)


def _decimal(value: float | None) -> str:
    """A decimal string of at most 16 letters, as near to the number as these allow."""
    if value is None:
        return ""
    for digits in range(17, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{value:.1g}"


def _keep_identity(bare: Dataset, full: Any) -> None:
    """Patient and study of the series, in Unicode. Values that the standard does not allow become empty."""
    full.decode()
    for element in full:
        # Sequences and private elements aside: highdicom takes what belongs to the patient and study modules.
        if element.VR != "SQ" and not element.tag.is_private and element.keyword and element.keyword not in bare:
            bare[element.keyword] = element
    for keyword in ("PatientID", "PatientName", "AccessionNumber", "StudyID", "ReferringPhysicianName"):
        setattr(bare, keyword, str(full.get(keyword) or ""))
    bare.PatientSex = full.get("PatientSex") if full.get("PatientSex") in ("M", "F", "O") else ""
    bare.PatientBirthDate = _valid(DA, full.get("PatientBirthDate")) or ""
    bare.StudyDate, bare.StudyTime = _valid(DA, full.get("StudyDate")), _valid(TM, full.get("StudyTime"))


def _valid(kind: Any, value: Any) -> str | None:
    """A date or time as it is written, where there is such a day; None for any other."""
    text = str(value or "").strip()
    try:
        return text if text and kind(text) else None
    except ValueError:
        return None


def _deidentify(datasets: list[Dataset]) -> None:
    """UIDs that stand for the originals, always the same ones; a pseudonym made from the study's new UID."""
    for dataset in datasets:
        for keyword in _UIDS:
            if keyword in dataset:
                setattr(dataset, keyword, mapped_uid(str(dataset[keyword].value)))
        pseudonym = "ANON-" + hashlib.sha256(str(dataset.StudyInstanceUID).encode()).hexdigest()[:8].upper()
        dataset.PatientID = dataset.PatientName = pseudonym


def mapped_uid(uid: str) -> str:
    """Another UID for each, the same for the same: files of one study that are changed so still belong together.

    Under 2.25, as PS3.5 B.2 has it for numbers of 128 bits. Whoever holds the original file can recognise it.
    """
    number = int.from_bytes(hashlib.sha256(f"tunevlseg|{uid}".encode()).digest()[:16], "big")
    return f"2.25.{number}"
