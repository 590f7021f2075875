"""Cityscapes: 19 evaluated classes by label id; every other id is ignored in loss and score.

leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png
gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png     (beside _color, _instanceIds, _polygons.json)

The parts train and val stand, each with cities of its own; a city is one patient. The masks of test are blank.
"""

from __future__ import annotations

from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList, MaskFile
from engine.data.readers.pairing import Pairing, by_key, label_table, without_truth
from engine.data.tree import child, files_in, find, folders_in, place, stem

CLASSES = {
    **{7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole", 19: "traffic light"},
    **{20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky", 24: "person", 25: "rider", 26: "car"},
    **{27: "truck", 28: "bus", 31: "train", 32: "motorcycle", 33: "bicycle"},
}
VOID = frozenset(range(256)) - CLASSES.keys()
_IMAGE, _MASK = "_leftImg8bit", "_gtFine_labelIds"


@LAYOUTS.register("cityscapes")
class Cityscapes:
    """Registered layout; see the module's text."""

    title = "Cityscapes"

    def recognises(self, folder: Path) -> float:
        return 0.0 if _homes(folder) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        images, masks = _homes(folder) or (folder, folder)
        found = Pairing(folder)
        for split in ("train", "val"):
            for city in _cities(images, split):
                home = masks / split / city.name
                found.add(
                    [path for path in files_in(city, ".png") if stem(path).endswith(_IMAGE)],
                    by_key(
                        (path for path in files_in(home, ".png") if stem(path).endswith(_MASK)),
                        lambda path: stem(path).removesuffix(_MASK),
                    ),
                    image_at=city / f"{{}}{_IMAGE}.png",
                    mask_at=home / f"{{}}{_MASK}.png",
                    key=lambda path: stem(path).removesuffix(_IMAGE),
                    patient=lambda name: name.split("_")[0],
                    mask=lambda path: MaskFile(path, void=VOID, exact=True),
                    split=split,
                )
        test = sum(len(files_in(city, ".png")) for city in _cities(images, "test"))
        if test:
            found.problems.append(without_truth(place(images / "test", folder), test, "test images with blank masks"))
        cities = len({case.patient for case in found.cases})
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table(list(CLASSES.items())),
            name="Cityscapes",
            details=f"Cityscapes as published: {len(found.cases)} images of {cities} cities; its parts train and val "
            "stand; ids that are not evaluated are ignored",
            splits_from="the publisher's folders",
        )


def _cities(images: Path, split: str) -> list[Path]:
    home = child(images, split)
    return [] if home is None else folders_in(home)


def _homes(folder: Path) -> tuple[Path, Path] | None:
    """leftImg8bit and gtFine, side by side or each in its archive's own folder."""
    images = find(folder, lambda one: one.name == "leftImg8bit" and child(one, "train", "val") is not None)
    masks = find(folder, lambda one: one.name == "gtFine" and child(one, "train", "val") is not None)
    return None if images is None or masks is None else (images, masks)
