"""ISIC 2016, part 1: skin lesions in dermoscopy, with the challenge's training and test parts.

ISBI2016_ISIC_Part1_Training_Data/ISIC_0000000.jpg
ISBI2016_ISIC_Part1_Training_GroundTruth/ISIC_0000000_Segmentation.png        and the same with Test
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList
from engine.data.readers.pairing import Pairing, by_key, label_table
from engine.data.tree import files_in, find, folders_in, stem

_DATA = re.compile(r"isbi2016_isic_part1_(training|test)_data$", re.IGNORECASE)
_ENDING = "_Segmentation"


@LAYOUTS.register("isic2016")
class Isic2016:
    """Registered layout; see the module's text."""

    title = "ISIC 2016, part 1"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        found = Pairing(folder)
        parts = _parts(top)
        for split, (images, masks) in parts.items():
            found.add(
                files_in(images, ".jpg", ".jpeg", ".png"),
                by_key(files_in(masks, ".png"), lambda path: stem(path).removesuffix(_ENDING)),
                image_at=images / "{}.jpg",
                mask_at=masks / f"{{}}{_ENDING}.png",
                split=split,
            )
        given = "its training and test parts stand, val is ours, by seed" if len(parts) == 2 else "splits are ours"
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(1, "skin lesion", "skin melanoma")]),
            name="ISIC 2016",
            details=f"ISIC 2016 part 1 as published: {len(found.cases)} pairs; {given}",
            kind="binary",
            splits_from="the publisher's folders" if len(parts) == 2 else "",
        )


def _parts(top: Path) -> dict[str, tuple[Path, Path]]:
    """Split → folders of images and masks."""
    found: dict[str, tuple[Path, Path]] = {}
    for images in folders_in(top):
        part = _DATA.match(images.name)
        if part is not None:
            masks = top / f"{images.name[:-4]}GroundTruth"
            if masks.is_dir():
                # The archives may hold a folder of their own name once more.
                split = "train" if part.group(1).casefold() == "training" else "test"
                found[split] = _inner(images), _inner(masks)
    return found


def _inner(home: Path) -> Path:
    return home / home.name if (home / home.name).is_dir() else home


def _fits(top: Path) -> bool:
    return bool(_parts(top))
