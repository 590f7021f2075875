"""CVC-ClinicDB: polyps in 612 frames of 29 endoscopic sequences, split by sequence.

CVC-ClinicDB/Original/1.tif … 612.tif  Ground Truth/1.tif …        or the same in PNG/ and TIF/
"""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList
from engine.data.readers.pairing import Pairing, by_key, label_table
from engine.data.tree import child, files_in, find, stem

_KINDS = (".tif", ".tiff", ".png")
# First frame of each sequence, as its publisher lists them.
_STARTS = (
    *(1, 26, 51, 68, 79, 104, 127, 152, 178, 200, 206, 228, 253, 278, 298, 318, 343, 364, 384, 409, 430, 448, 467),
    *(479, 504, 529, 547, 572, 592),
)
FRAMES = 612


@LAYOUTS.register("cvc_clinicdb")
class CvcClinicDb:
    """Registered layout; see the module's text."""

    title = "CVC-ClinicDB"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        images, masks = child(top, "Original") or top, child(top, "Ground Truth", "GroundTruth", "Ground_Truth") or top
        found = Pairing(folder)
        files = sorted(files_in(images, *_KINDS), key=lambda path: (len(path.name), path.name))
        suffix = files[0].suffix if files else ".tif"
        found.add(
            files,
            by_key(files_in(masks, *_KINDS)),
            image_at=images / f"{{}}{suffix}",
            mask_at=masks / f"{{}}{suffix}",
            patient=sequence_of,
        )
        sequences = len({case.patient for case in found.cases})
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(1, "polyp")]),
            name="CVC-ClinicDB",
            details=f"CVC-ClinicDB as published: {len(found.cases)} frames of {sequences} sequences, each of which "
            "stays together; splits are ours, by seed",
            kind="binary",
        )


def sequence_of(name: str) -> str:
    """The sequence of a frame's number; a name that is no such number stands for itself."""
    if not name.isdigit() or not 1 <= int(name) <= FRAMES:
        return name
    return f"sequence {bisect_right(_STARTS, int(name))}"


def _fits(top: Path) -> bool:
    images, masks = child(top, "Original"), child(top, "Ground Truth", "GroundTruth", "Ground_Truth")
    if images is None or masks is None:
        return False
    files = files_in(images, *_KINDS)
    return bool(files) and all(stem(path).isdigit() for path in files[:50])
