"""What an inspection remembers of a case once its voxels are let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.cache.key import digest
from engine.data.config import DataConfig
from engine.data.fingerprint import Fingerprint, fingerprint
from engine.data.grey_histogram import GreyHistogram, grey_histogram
from engine.data.grey_levels import Intensity, intensity_for
from engine.data.labels import LabelTable
from engine.data.problem import Mending, Problem
from engine.data.readers.base import Case
from engine.data.slices import OpenedCase, SlicedCase, relative_to
from engine.volumes.formats.picture import TURNED_NOTE


@dataclass(frozen=True)
class SeenCase:
    """`slice_counts` has stored value → pixels for each slice; a mask of one label counts under that label's value."""

    case: Case
    shape_zyx: tuple[int, int, int]
    is_volume: bool
    slice_counts: tuple[Mapping[int, int], ...]
    cut: bool
    objects: bool
    digest: str
    intensity: Intensity
    has_void: bool = False
    spacing_zyx: tuple[float, float, float] | None = None
    values: tuple[float, float] = (0.0, 0.0)  # lowest and highest of the scan
    print: Fingerprint | None = None  # of the middle slice
    mask_digest: str = ""  # "" for an empty mask
    grey: GreyHistogram | None = None
    fills_corners: bool = False  # a picture whose mask marks most of it, all four corners included
    content: str = ""  # a hash of all that its slices are made of

    def __len__(self) -> int:
        """Slices in the stack."""
        return len(self.slice_counts)

    def counts(self) -> dict[int, int]:
        """Stored value above 0 → voxels."""
        total: Counter[int] = Counter()
        for counts in self.slice_counts:
            total.update(counts)
        return dict(total)

    def labelled(self, table: LabelTable) -> tuple[int, ...]:
        """Slices in which a label of the table is marked."""
        return tuple(at for at, counts in enumerate(self.slice_counts) if any(table.counts(counts).values()))

    def labels_in(self, table: LabelTable, slices: Collection[int]) -> frozenset[int]:
        """Values of the labels that are marked in any of these slices."""
        found = (table.counts(self.slice_counts[at]).items() for at in slices)
        return frozenset(value for counts in found for value, pixels in counts if pixels)


def remember(opened: OpenedCase, config: DataConfig) -> SeenCase:
    """Counts and fingerprints of a case."""
    sliced = opened.sliced(config.plane)
    slice_counts = sliced.counts()
    voxels = np.ascontiguousarray(opened.scan.voxels)
    geometry = opened.scan.geometry
    scan_digest, mask_digest = digest(voxels), opened.mask_digest()
    spacing = None if geometry is None else geometry.spacing_xyz
    return SeenCase(
        case=opened.case,
        shape_zyx=opened.shape_zyx,
        is_volume=opened.is_volume,
        slice_counts=slice_counts,
        cut=any(mask.cut for mask in opened.read),
        objects=any(mask.objects for mask in opened.read),
        digest=scan_digest,
        intensity=intensity_for(config, opened.scan),
        has_void=opened.void is not None and bool(opened.void.any()),
        spacing_zyx=None if spacing is None else (spacing[2], spacing[1], spacing[0]),
        values=(float(voxels.min()), float(voxels.max())) if voxels.size else (0.0, 0.0),
        grey=grey_histogram(voxels),
        print=fingerprint(sliced.image(len(sliced) // 2)),
        mask_digest=mask_digest,
        fills_corners=len(sliced) == 1 and not opened.is_volume and _fills_corners(sliced),
        content=opened.content(scan_digest, mask_digest),
    )


def _fills_corners(sliced: SlicedCase) -> bool:
    marked = np.zeros(sliced.scan.slice_shape, np.bool_)
    for layer in sliced.layers:
        marked |= layer[0] > 0
    corners = marked[[0, 0, -1, -1], [0, -1, 0, -1]]
    return bool(corners.all()) and float(marked.mean()) > 0.5


def notes_of(opened: OpenedCase, folder: Path) -> list[Problem]:
    """What was changed while reading the case's files."""
    fix = "Nothing to do, if that is right."
    image = relative_to(opened.case.image, folder)
    whose = (opened.case.case_id,)
    plain = {mask.path for mask in opened.case.masks if mask.code is None}
    notes = [Problem("scan_note", "note", note, image, fix, cases=whose) for note in opened.scan.notes]
    for mask in opened.read:
        where = relative_to(mask.path, folder)
        notes += [Problem("mask_note", "note", note, where, fix, cases=whose) for note in mask.notes]
        if TURNED_NOTE in opened.scan.notes and TURNED_NOTE not in mask.notes:
            notes.append(_perhaps_turned(where, whose))
        if mask.cut:
            fix_cut = "Save masks as PNG to keep their values exactly."
            mending: Mending = "lossless" if mask.path in plain else ""
            notes.append(Problem("mask_cut", "note", mask.cut_note, where, fix_cut, cases=whose, mending=mending))
    return notes


def _perhaps_turned(where: str, whose: tuple[str, ...]) -> Problem:
    return Problem(
        kind="mask_perhaps_turned",
        severity="warning",
        message="Its image was turned upright by the camera's mark (EXIF), the mask has no such mark: if it was drawn "
        "on the picture as stored, it lies turned or mirrored.",
        path=where,
        fix="Look at the thumbnail; where the two do not fit, save the image upright, without the mark.",
        cases=whose,
    )
