"""FUSeg: foot ulcers in photographs of 512 × 512 (github.com/uwm-bigdata/wound-segmentation).

train/images/0001.png  train/labels/0001.png  validation/images/…  validation/labels/…  test/images/… (without masks)
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList
from engine.data.readers.pairing import Pairing, by_key, label_table, without_truth
from engine.data.tree import child, files_in, find, place, stem

_PARTS = (("train", "train"), ("validation", "val"), ("test", "test"))
_NAME = re.compile(r"^\d{4}$")


@LAYOUTS.register("fuseg")
class FuSeg:
    """Registered layout; see the module's text."""

    title = "FUSeg (Foot Ulcer Segmentation Challenge)"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.95

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        found = Pairing(folder)
        for name, split in _PARTS:
            images, masks = top / name / "images", top / name / "labels"
            files = files_in(images, ".png")
            if not files_in(masks, ".png"):
                if files:
                    found.problems.append(without_truth(place(images, folder), len(files)))
                continue
            found.add(
                files,
                by_key(files_in(masks, ".png")),
                image_at=images / "{}.png",
                mask_at=masks / "{}.png",
                split=split,
                prefix=f"{name}/",
            )
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(1, "foot ulcer")]),
            name="FUSeg",
            details=f"FUSeg as published: {len(found.cases)} pairs; its parts train and validation stand",
            kind="binary",
            splits_from="the publisher's folders",
        )


def _fits(top: Path) -> bool:
    """train and validation with images of four digits; a test part, if it is there, without masks or with them."""
    for name in ("train", "validation"):
        home = child(top, name)
        images = child(home, "images") if home is not None else None
        masks = child(home, "labels") if home is not None else None
        if images is None or masks is None:
            return False
        files = files_in(images)
        if not files or not all(path.suffix == ".png" and _NAME.match(stem(path)) for path in files[:50]):
            return False
    return True
