"""BUSI: breast ultrasound with benign tumours, malignant ones, and none.

Dataset_BUSI_with_GT/benign/benign (1).png  benign (1)_mask.png  benign (1)_mask_1.png (a second lesion)
Dataset_BUSI_with_GT/malignant/…            normal/normal (1).png  normal (1)_mask.png (empty)

Masks of one image are joined. Near-duplicates are known in this set: the inspection lists those that it finds.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList, MaskFile
from engine.data.readers.pairing import Pairing, by_key, label_table
from engine.data.tree import child, files_in, find, stem

_KINDS = {"benign": 1, "malignant": 2, "normal": None}
_MASK = re.compile(r"^(.+?)_mask(?:_\d+)?$")


@LAYOUTS.register("busi")
class Busi:
    """Registered layout; see the module's text."""

    title = "BUSI"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        found = Pairing(folder)
        counts = []
        for kind, value in _KINDS.items():
            home = child(top, kind)
            if home is None:
                continue
            files = files_in(home, ".png")
            masks = [path for path in files if _MASK.match(stem(path))]
            images = [path for path in files if not _MASK.match(stem(path))]
            counts.append(f"{len(images)} {kind}")
            found.add(
                images,
                by_key(masks, lambda path: _MASK.sub(r"\1", stem(path))),
                image_at=home / "{}.png",
                mask_at=home / "{}_mask.png",
                # An empty mask of either label says that neither is there.
                mask=lambda path, value=value or 1: MaskFile(path, value=value),  # type: ignore[misc]
            )
        phrase = "{} tumour in the breast ultrasound image"
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(_KINDS[kind] or 1, f"{kind} tumour", phrase.format(kind)) for kind in _named(top)]),
            name="BUSI",
            details=f"BUSI as published: {', '.join(counts)}; masks of one image are joined; splits are ours, by seed",
        )


def _named(top: Path) -> list[str]:
    return [kind for kind in ("benign", "malignant") if child(top, kind) is not None]


def _fits(top: Path) -> bool:
    homes = [home for kind in _KINDS if (home := child(top, kind)) is not None]
    named = [any(re.match(r"^(benign|malignant|normal) \(\d+\)", path.name) for path in files_in(one)) for one in homes]
    return len(homes) >= 2 and all(named)
