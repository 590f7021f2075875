"""DRIVE: retinal vessels in fundus photographs (drive.grand-challenge.org).

training/images/21_training.tif  training/1st_manual/21_manual1.gif  training/mask/21_training_mask.gif
test/images/01_test.tif          test/1st_manual/01_manual1.gif (not in every copy)

The first observer's tracing is the truth. `mask` holds the camera's field of view, which is no label.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList
from engine.data.readers.pairing import Pairing, by_key, label_table, without_truth
from engine.data.tree import child, files_in, find, place, stem

_IMAGE = re.compile(r"^(\d{2})_(?:training|test)$")
_MASK = re.compile(r"^(\d{2})_manual1$")
_KINDS = (".tif", ".tiff", ".png", ".gif")


@LAYOUTS.register("drive")
class Drive:
    """Registered layout; see the module's text."""

    title = "DRIVE"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        found = Pairing(folder)
        given = []
        for part, split in (("training", "train"), ("test", "test")):
            images, masks = top / part / "images", top / part / "1st_manual"
            files = [path for path in files_in(images, *_KINDS) if _IMAGE.match(stem(path))]
            traced = [path for path in files_in(masks, *_KINDS) if _MASK.match(stem(path))]
            if files and not traced:
                found.problems.append(without_truth(place(images, folder), len(files)))
                continue
            given += [split] if files else []
            found.add(
                files,
                by_key(traced, lambda path: stem(path)[:2]),
                image_at=images / f"{{}}_{part}.tif",
                mask_at=masks / "{}_manual1.gif",
                key=lambda path: stem(path)[:2],
                split=split,
            )
        both = len(given) == 2
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(1, "blood vessels", "retinal blood vessels")]),
            name="DRIVE",
            details=f"DRIVE as published: {len(found.cases)} images with the first observer's tracing; "
            + ("training and test stand, val is ours, by seed" if both else "splits are ours, by seed"),
            kind="binary",
            splits_from="the publisher's folders" if both else "",
        )


def _fits(top: Path) -> bool:
    part = child(top, "training")
    images = child(part, "images") if part is not None else None
    masks = child(part, "1st_manual") if part is not None else None
    return images is not None and masks is not None and any(_IMAGE.match(stem(path)) for path in files_in(images))
