"""Kvasir-SEG as Simula distributes it: polyps in endoscopy, masks in JPEG (lossy: cut at one half).

Kvasir-SEG/images/cju0qkwl35piu0993l0dewei2.jpg  masks/cju0qkwl35piu0993l0dewei2.jpg  kavsir_bboxes.json
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList
from engine.data.readers.pairing import Pairing, by_key, label_table
from engine.data.tree import child, files_in, find, stem

_NAME = re.compile(r"^c[jk][0-9a-z]{23}$")


@LAYOUTS.register("kvasir_seg")
class KvasirSeg:
    """Registered layout; see the module's text."""

    title = "Kvasir-SEG"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        images, masks = top / "images", top / "masks"
        found = Pairing(folder)
        found.add(
            files_in(images, ".jpg", ".jpeg", ".png"),
            by_key(files_in(masks, ".jpg", ".jpeg", ".png")),
            image_at=images / "{}.jpg",
            mask_at=masks / "{}.jpg",
        )
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(1, "polyp")]),
            name="Kvasir-SEG",
            details=f"Kvasir-SEG as published: {len(found.cases)} pairs; splits are ours, by seed",
            kind="binary",
        )


def _fits(top: Path) -> bool:
    images, masks = child(top, "images"), child(top, "masks")
    if images is None or masks is None or not files_in(images, ".jpg", ".jpeg", ".png"):
        return False
    boxes = any(path.name.casefold() in ("kavsir_bboxes.json", "kvasir_bboxes.json") for path in files_in(top))
    named = all(_NAME.match(stem(path)) for path in files_in(images)[:50])
    return boxes or named or "kvasir" in top.name.casefold()
