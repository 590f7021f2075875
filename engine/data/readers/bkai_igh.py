"""BKAI-IGH NeoPolyp: endoscopy, masks in JPEG whose colours are labels (red neoplastic, green non-neoplastic).

train/train/ID.jpeg  train_gt/train_gt/ID.jpeg  test/test/ID.jpeg (without masks)

By default both are one label, "polyp". A label table with the values 1 (neoplastic) and 2 (non-neoplastic) tells them
apart. Every pixel takes the nearest of the three colours, since JPEG blurs them.
"""

from __future__ import annotations

from pathlib import Path

from engine.data.mask_codes import Colours
from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList, MaskFile
from engine.data.readers.pairing import Pairing, by_key, label_table, without_truth
from engine.data.tree import child, files_in, find, place

_KINDS = (".jpeg", ".jpg", ".png")
NEOPLASTIC, NON_NEOPLASTIC = 1, 2
_COLOURS = Colours((((255, 0, 0), NEOPLASTIC), ((0, 255, 0), NON_NEOPLASTIC)))


@LAYOUTS.register("bkai_igh")
class BkaiIgh:
    """Registered layout; see the module's text."""

    title = "BKAI-IGH NeoPolyp"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        images, masks = _home(top, "train") or top, _home(top, "train_gt") or top
        found = Pairing(folder)
        found.add(
            files_in(images, *_KINDS),
            by_key(files_in(masks, *_KINDS)),
            image_at=images / "{}.jpeg",
            mask_at=masks / "{}.jpeg",
            mask=lambda path: MaskFile(path, code=_COLOURS),
        )
        test = _home(top, "test")
        if test is not None and files_in(test, *_KINDS):
            found.problems.append(without_truth(place(test, folder), len(files_in(test, *_KINDS))))
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(1, "polyp")]),
            name="BKAI-IGH",
            details=f"BKAI-IGH NeoPolyp as published: {len(found.cases)} pairs, both kinds of polyp joined "
            "(values 1 and 2 in a label table tell neoplastic from non-neoplastic); splits are ours, by seed",
            kind="binary",
        )


def _home(top: Path, name: str) -> Path | None:
    """`train/train`, or `train` where the inner folder is missing."""
    outer = child(top, name)
    return None if outer is None else child(outer, name) or outer


def _fits(top: Path) -> bool:
    images, masks = _home(top, "train"), _home(top, "train_gt")
    if images is None or masks is None:
        return False
    return bool(files_in(images, *_KINDS)) and bool(files_in(masks, *_KINDS))
