"""BraTS: four MR contrasts of each patient and one segmentation (synapse.org/brats; file names of 2018 to 2024).

BraTS20_Training_001/BraTS20_Training_001_{flair,t1,t1ce,t2,seg}.nii.gz
BraTS-GLI-00000-000/BraTS-GLI-00000-000-{t2f,t1n,t1c,t2w,seg}.nii.gz

FLAIR is used, in which the whole tumour is seen; where it is missing, the first contrast there is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import label_table, no_image, no_mask, without_truth
from engine.data.tree import below, files_in, place, stem

_NAME = re.compile(r"^(brats.+?)[_-](flair|t1ce|t1|t2|seg|t2f|t1n|t1c|t2w)$", re.IGNORECASE)
_CONTRASTS = ("flair", "t2f", "t1ce", "t1c", "t2", "t2w", "t1", "t1n")
_KINDS = (".nii.gz", ".nii")
# 4 until 2022, 3 since then: the same structure.
_LABELS = ((1, "necrotic tumour core"), (2, "peritumoural oedema"), (3, "enhancing tumour"))


@LAYOUTS.register("brats")
class BraTs:
    """Registered layout; see the module's text."""

    title = "BraTS"

    def recognises(self, folder: Path) -> float:
        for one in below(folder, 3):
            kinds = {name.group(2).casefold() for path in files_in(one, *_KINDS) if (name := _NAME.match(stem(path)))}
            if len(kinds & set(_CONTRASTS)) >= 2:
                return 0.96
        return 0.0

    def cases(self, folder: Path) -> CaseList:
        scans: dict[str, dict[str, Path]] = defaultdict(dict)
        for one in below(folder, 4, most=1_000_000):
            for path in files_in(one, *_KINDS):
                name = _NAME.match(stem(path))
                if name is not None:
                    scans[name.group(1)][name.group(2).casefold()] = path
        problems: list[Problem] = []
        cases: list[Case] = []
        blind = [name for name, files in scans.items() if "seg" not in files]
        for case, files in sorted(scans.items()):
            image = next((files[contrast] for contrast in _CONTRASTS if contrast in files), None)
            if image is None:
                problems.append(no_image(place(files["seg"], folder), place(files["seg"], folder) + " (flair)"))
            elif "seg" in files:
                own = tuple(files[contrast] for contrast in _CONTRASTS if contrast in files)
                cases.append(Case(case, _patient(case), image, _masks(files["seg"]), channels=own))
            elif len(blind) < len(scans):
                problems.append(no_mask(place(image, folder), place(image.with_name(f"{case}_seg.nii.gz"), folder)))
        if blind and len(blind) == len(scans):
            problems.append(without_truth("", len(blind), "scans without segmentations"))
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=label_table(list(_LABELS)),
            name="BraTS",
            details=f"BraTS as published: {len(cases)} scans, FLAIR of each or the contrast in data.channel; "
            "splits are ours, by patient and seed",
        )


def _patient(name: str) -> str:
    """BraTS-GLI-00005-100 is the second visit of BraTS-GLI-00005."""
    visit = re.match(r"^(BraTS-[A-Z]+-\d{5})-\d{3}$", name, re.IGNORECASE)
    return visit.group(1) if visit is not None else name


def _masks(path: Path) -> tuple[MaskFile, ...]:
    values = {1: frozenset({1}), 2: frozenset({2}), 3: frozenset({3, 4})}
    return tuple(MaskFile(path, value=value, members=members, exact=True) for value, members in values.items())
