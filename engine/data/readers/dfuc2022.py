"""DFUC 2022: photographs of diabetic foot ulcers, given out on request (dfu-challenge.github.io).

DFUC2022_train_images/100001.jpg  DFUC2022_train_masks/100001.png  DFUC2022_val_images/… (without masks)
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList
from engine.data.readers.pairing import Pairing, by_key, label_table, without_truth
from engine.data.tree import child, files_in, find, folders_in, place

_IMAGES = re.compile(r"(dfuc2022_(?:train|val|validation|test)_)(?:images|release)$", re.IGNORECASE)
_KINDS = (".jpg", ".jpeg", ".png")


@LAYOUTS.register("dfuc2022")
class Dfuc2022:
    """Registered layout; see the module's text."""

    title = "DFUC 2022"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, lambda top: any(masks for _, masks in _parts(top)), 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, lambda one: any(masks for _, masks in _parts(one)), 2) or folder
        found = Pairing(folder)
        for images, masks in _parts(top):
            files = files_in(images, *_KINDS)
            if masks is None:
                found.problems.append(without_truth(place(images, folder), len(files)))
                continue
            found.add(
                files,
                by_key(files_in(masks, ".png", ".jpg")),
                image_at=images / "{}.jpg",
                mask_at=masks / "{}.png",
            )
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(1, "foot ulcer")]),
            name="DFUC 2022",
            details=f"DFUC 2022 as published: {len(found.cases)} pairs; splits are ours, by seed",
            kind="binary",
        )


def _parts(top: Path) -> list[tuple[Path, Path | None]]:
    """Folders of images with those of their masks."""
    found = []
    for images in folders_in(top):
        named = _IMAGES.match(images.name)
        if named is not None:
            found.append((images, child(top, f"{named.group(1)}masks", f"{named.group(1)}labels")))
    return found
