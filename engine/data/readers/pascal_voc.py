"""Pascal VOC 2012: twenty classes as palette indices; the border around objects (255) is void.

VOCdevkit/VOC2012/JPEGImages/2007_000032.jpg  SegmentationClass/2007_000032.png
VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt  val.txt
"""

from __future__ import annotations

from pathlib import Path

from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import label_table, no_image, no_mask
from engine.data.tree import child, files_in, find, place, stem

CLASSES = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep "
    "sofa train tvmonitor"
).split()
VOID = frozenset({255})


@LAYOUTS.register("pascal_voc")
class PascalVoc:
    """Registered layout; see the module's text."""

    title = "Pascal VOC 2012"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits) or folder
        images, masks = top / "JPEGImages", top / "SegmentationClass"
        splits = _splits(top)
        known = {stem(path): path for path in files_in(images, ".jpg", ".jpeg", ".png")}
        drawn = {stem(path): path for path in files_in(masks, ".png")}
        problems: list[Problem] = [
            no_mask(place(known[name], folder), place(masks / f"{name}.png", folder))
            for name in sorted(splits.keys() & known.keys() - drawn.keys())
        ]
        problems += [
            no_image(place(drawn[name], folder), place(images / f"{name}.jpg", folder))
            for name in sorted(drawn.keys() - known.keys())
        ]
        unlisted = bool(splits) and bool(drawn.keys() & known.keys() - splits.keys())
        cases = [
            Case(name, name, known[name], (MaskFile(drawn[name], void=VOID, exact=True),), splits.get(name))
            for name in sorted(drawn.keys() & known.keys())
            if not splits or name in splits
        ]
        if unlisted:
            count = len(drawn.keys() & known.keys() - splits.keys())
            told = f"{count} masks are in no list and were not used."
            problems.append(Problem("not_listed", "note", told, "ImageSets", "Nothing to do.", count))
        given = "its lists train and val stand" if splits else "splits are ours, by seed"
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=label_table([(value, name) for value, name in enumerate(CLASSES, 1)]),
            name="Pascal VOC 2012",
            details=f"Pascal VOC 2012 as published: {len(cases)} images; {given}; the border 255 is ignored",
            splits_from="the publisher's lists" if splits else "",
        )


def _fits(top: Path) -> bool:
    return child(top, "JPEGImages") is not None and child(top, "SegmentationClass") is not None


def _splits(top: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for split in ("train", "val"):
        path = top / "ImageSets" / "Segmentation" / f"{split}.txt"
        if path.is_file():
            found |= dict.fromkeys(path.read_text(encoding="utf-8", errors="replace").split(), split)
    return found
