"""What a mask's receipt says: how the mask was made, so that it can be made again. It names no patient and no path.

The scan is known by its content alone: a file's name may say whose it is, and it would help nobody to find the file.
No time is written either: the same mask from the same scan gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

import engine
from engine.bundle.levels import mask_of
from engine.bundle.reader import Bundle
from engine.config.fields import Settings
from engine.contract.errors import EngineError, InputError, WrongVersion
from engine.contract.jobs import Segment
from engine.inference.answer import Answer
from engine.runs.environment import versions
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import mask_format
from engine.volumes.geometry import Geometry
from engine.volumes.reading import read_mask
from engine.volumes.segments import mask_sha256, scan_sha256
from engine.volumes.stored_receipts import stored_receipt
from engine.volumes.volume import Volume

VERSION: Final = 1
PROGRAM: Final = f"tunevlseg {engine.__version__}"
NOTICE: Final = "For research use only. Not a medical device; not for diagnosis or treatment."
_PACKAGES: Final = ("numpy", "onnxruntime", "onnxruntime-gpu", "tokenizers", "SimpleITK", "pydicom")
_LONGEST: Final = 1 << 20
SETTINGS: Final[tuple[str, ...]] = ("skip_air", "smooth", "fill_holes", "largest", "smallest", "presence")
"""Fields of a Segment job, beside those that a receipt names itself, which change what a mask shows."""
Kind = Literal["mask", "labels", "segments"]


class AskedMask(Settings):
    """One phrase and its mask."""

    prompt: str = Field(max_length=5000)
    phrase: str = Field("", max_length=5000)
    label: int | None = Field(None, ge=1, le=65535)
    label_used: str | None = Field(None, max_length=5000)
    value: int = Field(1, ge=1, le=65535)
    threshold: float = Field(gt=0, lt=1)
    voxels: int = Field(ge=0)
    highest: float = Field(0.0, ge=0, le=1)
    presence: float = 1.0
    presence_cut: float = 0.0
    presence_calibrated: bool = False
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class UsedBundle(Settings):
    """The bundle: its manifest's sha256 stands for every file in it. Both are empty where it is not known."""

    name: str = Field(max_length=500)
    sha256: str = Field(pattern=r"^([0-9a-f]{64})?$")
    model: str = Field("", max_length=500)
    model_sha256: str = Field("", max_length=64)
    strategy: str = Field("", max_length=100)
    precision: str = Field("", max_length=20)


class UsedScan(Settings):
    """The scan: content only."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    shape_zyx: tuple[int, int, int]
    format: str = Field("", max_length=40)


class Receipt(Settings):
    """`file` says what the mask's file holds: one mask, one array of label numbers, or named segments."""

    receipt: int = VERSION
    notice: str = Field(NOTICE, max_length=200)
    program: str = Field("", max_length=100)
    bundle: UsedBundle
    scan: UsedScan
    plane: str = Field(max_length=40)
    label: str = Field("", max_length=5000)
    settings: dict[str, bool | int | float | str] = Field({}, max_length=50)
    overlap: Literal["likelier", "first"] = "likelier"
    priority: list[str] = Field([], max_length=1000)
    file: Kind
    masks: list[AskedMask] = Field(min_length=1, max_length=1000)
    labels_sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    saved_as: str = Field("", max_length=40)
    edited: list[str] = Field([], max_length=1000)
    """Prompts whose masks were changed by hand: these cannot be made again."""
    provider: str = Field("", max_length=100)
    versions: dict[str, str] = Field({}, max_length=50)

    def text(self) -> str:
        """One line of plain ASCII, which ends with the sha256 of the rest."""
        without = set() if self.edited else {"edited"}
        body = json.dumps(self.model_dump(mode="json", exclude=without), ensure_ascii=True, separators=(", ", ": "))
        return f'{body[:-1]}, "sha256": "{_sum(body)}"}}'


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode("ascii", "replace")).hexdigest()


def parse(text: str, where: str) -> Receipt:
    """The receipt in a text; `where` names its file. Raises InputError (damaged, changed), WrongVersion."""
    try:
        if len(text) > _LONGEST:
            raise ValueError("too long")
        values = json.loads(text)
        stated = values.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise InputError(f"The receipt of {where} is damaged.", hint="Make the mask again.") from None
    version = values.get("receipt")
    if isinstance(version, int) and version > VERSION:
        raise WrongVersion(
            f"The receipt of {where} was written by a newer program.", hint="Update TuneVLSeg, and try again."
        )
    body = json.dumps(values, ensure_ascii=True, separators=(", ", ": "))
    if stated != _sum(body):
        raise InputError(
            f"The receipt of {where} was changed after it was written.",
            hint="It no longer says how the mask was made. Take the mask from where it was made.",
        )
    try:
        return Receipt.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise InputError(f"The receipt of {where} is damaged ({field}).", hint="Make the mask again.") from None


def receipt_of(mask: Path) -> Receipt | None:
    """The receipt of a mask's file; None where it has none. Raises InputError (ScanUnreadable for a damaged file)."""
    text = stored_receipt(mask)
    return None if text is None else parse(text, mask.name)


def content_of(scan: Volume) -> str:
    """sha256 of a scan's voxels and place."""
    place = [] if scan.geometry is None else [float(value) for value in scan.geometry.matrix.ravel()]
    return scan_sha256(scan.voxels, place)


def make_receipt(
    job: Segment,
    bundle: Bundle,
    scan: Volume,
    scan_sum: str,
    plane: str,
    provider: str,
    answers: Sequence[Answer],
    values: Sequence[int],
    kind: Kind,
    labels: NDArray[Any] | None = None,
    saved: str = "",
) -> Receipt:
    """`values`: the number of each answer in the file. `labels`: the flat array, for kind "labels". `saved`: how
    segments are written (`saved_as`)."""
    return Receipt(
        program=PROGRAM,
        bundle=used_bundle(bundle),
        scan=UsedScan(sha256=scan_sum, shape_zyx=scan.shape_zyx, format=scan.format),
        plane=plane,
        label=job.label,
        settings=settings_of(job),
        overlap="first" if job.priority or job.overlap == "first" else "likelier",
        priority=list(job.priority),
        file=kind,
        masks=[
            AskedMask(
                prompt=answer.asked,
                phrase=answer.phrase,
                label=answer.label.value if answer.label else None,
                label_used=answer.label_used,
                value=value,
                threshold=answer.threshold,
                voxels=answer.voxels,
                highest=round(answer.highest, 4),
                presence=answer.presence,  # not rounded: beside a cut it must say what the mask says
                presence_cut=answer.presence_cut,
                presence_calibrated=answer.calibrated,
                sha256=mask_sha256(answer_in_file(answer, fractional="fractional" in saved.split())),
            )
            for answer, value in zip(answers, values, strict=True)
        ],
        labels_sha256="" if labels is None else mask_sha256(labels),
        saved_as=saved,
        provider=provider,
        versions=present_versions(),
    )


def used_bundle(bundle: Bundle) -> UsedBundle:
    manifest = bundle.manifest
    return UsedBundle(
        name=bundle.name[:500],
        sha256=bundle.sha256,
        model=manifest.model.id[:500],
        model_sha256=manifest.model.sha256[:64],
        strategy=str(manifest.strategy.get("name", ""))[:100],
        precision=manifest.precision,
    )


def answer_in_file(answer: Answer, *, fractional: bool) -> NDArray[np.bool_]:
    """The mask that a file shows at the answer's threshold: of probabilities, as the model gave them, not refined."""
    return mask_of(answer.levels, answer.threshold) if fractional else answer.mask


def present_versions() -> dict[str, str]:
    """What may change a mask's last voxel: interpreter, system, libraries."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **versions(_PACKAGES),
    }


# the mask that a receipt belongs to


def stored_arrays(mask: Path, receipt: Receipt, geometry: Geometry | None) -> list[NDArray[Any]] | None:
    """What the mask's file holds: one bool array, one of label numbers, or a bool array a phrase (`receipt.file`).

    All [z, y, x] on the scan's grid, whose place is `geometry`; None where the file does not lie on it. Raises
    ScanUnreadable.
    """
    shape = receipt.scan.shape_zyx
    if receipt.file == "segments":
        known = FORMATS.get(mask_format(mask) or "")()
        stored = known.read_segments(mask)  # type: ignore[attr-defined]  # only formats with segments have such receipts
        placed = stored.onto(geometry, shape)
        if placed is None or len(placed) != len(receipt.masks):
            return None
        return [
            segment.voxels if segment.levels is None else mask_of(segment.levels, asked.threshold)
            for segment, asked in zip(placed, receipt.masks, strict=True)
        ]
    voxels = read_mask(mask).voxels
    if tuple(voxels.shape) != tuple(shape):
        return None
    return [voxels > 0] if receipt.file == "mask" else [voxels]


def is_unchanged(arrays: list[NDArray[Any]] | None, receipt: Receipt) -> bool:
    """Whether the voxels are those that were written."""
    if arrays is None:
        return False
    if receipt.file == "labels":
        return mask_sha256(arrays[0]) == receipt.labels_sha256
    return [mask_sha256(array) for array in arrays] == [asked.sha256 for asked in receipt.masks]


@dataclass(frozen=True)
class Wanted:
    """What a job asks of a mask's file, before any work: `masks` are (prompt, threshold, value)."""

    bundle_sha256: str
    scan_sha256: str
    shape_zyx: tuple[int, int, int]
    plane: str
    label: str
    settings: dict[str, bool | int | float | str]
    overlap: str
    priority: tuple[str, ...]
    saved_as: str
    masks: tuple[tuple[str, float, int], ...]

    def is_that_of(self, receipt: Receipt) -> bool:
        asked = tuple((mask.prompt, mask.threshold, mask.value) for mask in receipt.masks)
        same = (
            not receipt.edited
            and receipt.bundle.sha256 == self.bundle_sha256
            and receipt.scan.sha256 == self.scan_sha256
            and receipt.scan.shape_zyx == self.shape_zyx
            and (receipt.plane, receipt.label, receipt.settings) == (self.plane, self.label, self.settings)
            and asked == self.masks
        )
        if receipt.file == "labels":
            same = same and (receipt.overlap, tuple(receipt.priority)) == (self.overlap, self.priority)
        return same and (receipt.file != "segments" or receipt.saved_as == self.saved_as)


def settings_of(job: Segment) -> dict[str, bool | int | float | str]:
    """What else of a job changes its masks, each by the name of its field; only where it is not the default."""
    plain = Segment([], "", [])
    return {name: getattr(job, name) for name in SETTINGS if getattr(job, name) != getattr(plain, name)}


def saved_as(job: Segment, path: Path | None) -> str:
    """How the segments in a file of this name are written, as far as the job's choices change it: only DICOM SEG names
    a patient and can hold probabilities."""
    if path is None or mask_format(path) != "dicom_seg":
        return ""
    return " ".join(part for part in (job.identity, "fractional" if job.fractional else "") if part)


def is_done(mask: Path, wanted: Wanted, scan: Volume) -> bool:
    """Whether `mask` is there as `wanted`: same scan, bundle, phrases and settings, and not a voxel changed since."""
    try:
        found = receipt_of(mask) if mask.is_file() else None
        if found is None or not wanted.is_that_of(found):
            return False
        return is_unchanged(stored_arrays(mask, found, scan.geometry), found)
    except EngineError:
        return False
