"""Writes DICOM SEG through highdicom: segments over the slices of their series (PS3.3 A.51)."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import InputError, OutOfMemory
from engine.contract.whole_file import write_whole
from engine.volumes.dicom.opening import quiet
from engine.volumes.dicom.seg_source import ALTERNATIVES, Source, read_source
from engine.volumes.segments import NamedMask, Saving, flatten, layers_of
from engine.volumes.terminology import Code
from engine.volumes.volume import Volume

LONGEST_LABEL: Final = 64  # letters of a segment's label (LO)
PIECE: Final = 10_000  # letters of a receipt that one segment's algorithm parameters hold (LT: 10,240)
RESEARCH: Final = "For research use only. Not a medical device; not for diagnosis or treatment."
_SERIES: Final = "TuneVLSeg segmentation, research use only"
_NO_DATE: Final = datetime.date(1900, 1, 1)
# PS3.15, table E.1-1, basic profile: what a de-identified file says of itself (PS3.3 C.12.1.1.7; CID 7050).
_METHOD: Final = "DICOM PS3.15 Basic Application Confidentiality Profile, patient and study replaced"


def label_of(name: str) -> str:
    """A segment's name as a SegmentLabel holds it: at most 64 letters; a backslash would part it in two."""
    return "".join(letter if letter.isprintable() else " " for letter in name.replace("\\", "/"))[:LONGEST_LABEL]


def write_seg(segments: Sequence[NamedMask], path: Path, like: Volume, saving: Saving) -> None:
    """Binary, or with `saving.fractional` each segment's probabilities.

    Slices in which a segment is empty are left out, as is usual. Raises InputError where the series' header does not
    carry what the standard asks for, OutOfMemory, DiskFull.
    """
    import highdicom

    source = read_source(like, keep=saving.identity == "keep")
    try:
        pixels = _pixels(segments, like, saving)
    except MemoryError as error:
        raise OutOfMemory(
            f"{path.name}: {len(segments)} segments do not fit into memory.", hint="Save fewer phrases, or binary ones."
        ) from error
    dated: dict[str, Any] = (
        {} if saving.identity == "keep" else {"content_date": _NO_DATE, "content_time": datetime.time(0, 0, 0)}
    )
    pieces = pieces_of(saving.receipt)
    if len(pieces) > len(segments):
        raise InputError(f"{path.name}: so long phrases do not fit into a DICOM SEG.", hint="Ask with fewer words.")
    logger = logging.getLogger("highdicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # its lines may quote the header
    try:
        with quiet():
            pieces += [""] * (len(segments) - len(pieces))
            described = [
                _described(number, segment, saving, piece)
                for number, (segment, piece) in enumerate(zip(segments, pieces, strict=True), 1)
            ]
            made: Any = highdicom.seg.Segmentation(
                source_images=source.datasets,
                pixel_array=pixels,
                segmentation_type="FRACTIONAL" if saving.fractional else "BINARY",
                segment_descriptions=described,
                series_instance_uid=highdicom.UID(),
                series_number=1000,
                sop_instance_uid=highdicom.UID(),
                instance_number=1,
                manufacturer="TuneVLSeg",
                manufacturer_model_name="TuneVLSeg Desktop",
                software_versions=saving.version or "0",
                device_serial_number="0",
                content_label="TUNEVLSEG",
                content_description="Research use only; not for diagnosis",
                series_description=_SERIES,
                specific_character_set="ISO_IR 192",
                **dated,
            )
            _number_frames(made, source)
            _finish(made, saving)
            write_whole(path, lambda beside: made.save_as(beside, enforce_file_format=True))
    except (AttributeError, ValueError, TypeError, KeyError, IndexError) as error:
        # What these say may quote the header, so it ends here.
        raise InputError(
            f"{path.name}: the series' header does not fit what a DICOM SEG asks for ({type(error).__name__}).",
            hint=ALTERNATIVES,
        ) from None
    finally:
        logger.setLevel(before)


def _pixels(segments: Sequence[NamedMask], like: Volume, saving: Saving) -> NDArray[Any]:
    """[z, rows, columns, segments]; for segments that do not overlap label numbers [z, rows, columns], which are
    smaller and quicker."""
    if not saving.fractional and len(layers_of([segment.voxels for segment in segments])) == 1:
        return flatten([segment.voxels for segment in segments], range(1, len(segments) + 1))[0]
    pixels = np.zeros((*like.shape_zyx, len(segments)), np.float32 if saving.fractional else np.uint8)
    for number, segment in enumerate(segments):
        if not saving.fractional:
            pixels[..., number] = segment.voxels
        elif segment.levels is None:
            raise ValueError("a fractional segmentation needs probabilities")
        else:
            np.divide(segment.levels, np.float32(255), out=pixels[..., number])
    return pixels


def pieces_of(receipt: str) -> list[str]:
    """A receipt in parts that an element of LT holds; none ends with a space, which readers take for padding."""
    pieces = []
    while receipt:
        size = len(receipt[:PIECE].rstrip(" ")) or PIECE
        pieces.append(receipt[:size])
        receipt = receipt[size:]
    return pieces


def _described(number: int, segment: NamedMask, saving: Saving, piece: str) -> Any:
    import highdicom
    from pydicom.sr.codedict import codes

    algorithm = highdicom.AlgorithmIdentificationSequence(
        name=saving.program[:64],
        family=codes.cid7162.ArtificialIntelligence,
        version=(saving.version or "0")[:64],
        source="TuneVLSeg",
    )
    if piece:
        algorithm[0].AlgorithmParameters = piece
    made = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=label_of(segment.name),
        segmented_property_category=_coded(segment.term.category),
        segmented_property_type=_coded(segment.term.type),
        algorithm_type="SEMIAUTOMATIC" if segment.name in saving.by_hand else "AUTOMATIC",
        algorithm_identification=algorithm,
        display_color=highdicom.color.CIELabColor.from_rgb(*(int(segment.colour[at : at + 2], 16) for at in (1, 3, 5))),
    )
    if segment.term.modifier is not None:
        type_code = made.SegmentedPropertyTypeCodeSequence[0]
        type_code.SegmentedPropertyTypeModifierCodeSequence = [_coded(segment.term.modifier)]
    made.SegmentDescription = f"{saving.about.get(segment.name, '')} {RESEARCH}".strip()[:1024]
    return made


def _coded(code: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning[:64])


def _number_frames(made: Any, source: Source) -> None:
    """Where not all frames of a file belong to the volume, references are to the numbers that they have in it."""
    images = {
        id(image): image  # segments share the reference to the frame that they lie on
        for frame in made.get("PerFrameFunctionalGroupsSequence") or []
        for derivation in frame.get("DerivationImageSequence") or []
        for image in derivation.SourceImageSequence
        if source.frame_numbers and "ReferencedFrameNumber" in image
    }
    for image in images.values():
        image.ReferencedFrameNumber = source.frame_numbers[int(image.ReferencedFrameNumber) - 1]


def _finish(made: Any, saving: Saving) -> None:
    if saving.identity == "keep":
        return
    import pydicom

    made.PatientIdentityRemoved = "YES"
    made.LongitudinalTemporalInformationModified = "REMOVED"
    made.DeidentificationMethod = _METHOD[:64]
    code = pydicom.Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    made.DeidentificationMethodCodeSequence = [code]
    for keyword in ("InstanceCreationDate", "InstanceCreationTime"):
        made.pop(keyword, None)
    # The clock of this machine and the equipment of the acquisition stay out.
    made.pop("ContributingEquipmentSequence", None)
