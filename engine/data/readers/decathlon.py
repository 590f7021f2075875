"""Medical Segmentation Decathlon: a dataset.json that lists pairs (medicaldecathlon.com).

Task03_Liver/dataset.json     {"labels": {"0": "background", "1": "liver"}, "modality": {"0": "CT"},
                               "training": [{"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"}]}
Task03_Liver/imagesTr/…  labelsTr/…  imagesTs/… (without masks)
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from engine.data.matching import patient_of
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import (
    NotJson,
    damaged_list,
    label_table,
    load_json,
    no_image,
    no_mask,
    text_of,
    without_truth,
    words,
)
from engine.data.tree import child, files_in, find, place, stem


@LAYOUTS.register("decathlon")
class Decathlon:
    """Registered layout; see the module's text."""

    title = "Medical Segmentation Decathlon"

    def recognises(self, folder: Path) -> float:
        # nnU-Net's first version has the same list, and its own reader knows its file names.
        return 0.0 if find(folder, _fits, 2) is None else 0.935

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        where = place(top / "dataset.json", folder)
        about = _about(top)
        if about is None:
            return CaseList((), (damaged_list(where, "it is no readable list of pairs"),))
        problems: list[Problem] = []
        cases: list[Case] = []
        for row in about["training"]:
            pair = [_inside(top, row.get(key)) if isinstance(row, dict) else None for key in ("image", "label")]
            image, mask = pair
            if image is None or mask is None:
                problems.append(damaged_list(where, f"a pair names no image or no label ({row!r:.80})"))
            elif not image.is_file():
                problems.append(no_image(place(mask, folder), place(image, folder)))
            elif not mask.is_file():
                problems.append(no_mask(place(image, folder), place(mask, folder)))
            else:
                name = stem(image)
                cases.append(Case(name, patient_of(name), image, (MaskFile(mask, exact=True),)))
        test = child(top, "imagesTs")
        if test is not None and files_in(test):
            problems.append(without_truth(place(test, folder), len(files_in(test))))
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=_labels(about.get("labels")),
            name=words(text_of(about.get("name"), re.sub(r"^Task\d+_", "", top.name))),
            details="pairs listed in dataset.json; splits are ours, by seed",
        )


def _fits(top: Path) -> bool:
    if not (top / "dataset.json").is_file() or child(top, "imagesTr") is None:
        return False
    return _about(top) is not None


def _about(top: Path) -> dict[str, Any] | None:
    try:
        about = load_json(top / "dataset.json", 20_000_000)
    except NotJson:
        return None
    fits = isinstance(about, dict) and isinstance(about.get("training"), list)
    return about if fits else None


def _inside(top: Path, given: Any) -> Path | None:
    """A path of the list; None for one that leads out of the dataset's folder."""
    path = PurePosixPath(text_of(given).removeprefix("./"))
    return None if not path.name or path.is_absolute() or ".." in path.parts else top / path


def _labels(given: Any) -> tuple[Any, ...]:
    rows: list[tuple[int, str]] = []
    for key, name in given.items() if isinstance(given, dict) else ():
        if str(key).isdigit() and 0 < int(key) <= 65535:
            rows.append((int(key), words(str(name))))
    return label_table(sorted(rows))
