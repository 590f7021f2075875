"""TotalSegmentator's data: CT or MR of each subject, one file for each organ (zenodo.org, TotalSegmentator dataset).

s0001/ct.nii.gz  s0001/segmentations/liver.nii.gz  …  meta.csv (image_id; …; split)

Organs do not lie over each other, so that all of a subject's files become one mask while they are read.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import label_table, no_mask, words
from engine.data.tree import child, files_in, find, folders_in, place, stem

_SUBJECT = re.compile(r"^s\d{3,5}$")
_IMAGES = ("ct.nii.gz", "mri.nii.gz", "ct.nii", "mri.nii")
_KINDS = (".nii.gz", ".nii")


@LAYOUTS.register("totalsegmentator")
class TotalSegmentator:
    """Registered layout; see the module's text."""

    title = "TotalSegmentator"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        problems: list[Problem] = []
        found: list[tuple[Path, Path, dict[str, Path]]] = []
        for subject in _subjects(top):
            image = next((subject / name for name in _IMAGES if (subject / name).is_file()), None)
            home = subject / "segmentations"
            organs = {stem(path): path for path in files_in(home, *_KINDS)}
            if image is None:
                problems.append(
                    Problem(
                        kind="mask_without_image",
                        severity="error",
                        message="There is no scan beside its segmentations; the subject is left out.",
                        path=place(subject, folder),
                        fix="Add ct.nii.gz, or remove the folder.",
                    )
                )
            elif not organs:
                problems.append(no_mask(place(image, folder), place(home / "ORGAN.nii.gz", folder)))
            else:
                found.append((subject, image, organs))
        names = sorted({organ for *_, organs in found for organ in organs})
        values = {organ: number for number, organ in enumerate(names, 1)}
        splits = _splits(top)
        return CaseList(
            cases=tuple(
                Case(
                    subject.name,
                    subject.name,
                    image,
                    tuple(MaskFile(path, value=values[organ], exact=True) for organ, path in sorted(organs.items())),
                    splits.get(subject.name),
                    known=frozenset(values[organ] for organ in organs),
                )
                for subject, image, organs in found
            ),
            problems=tuple(problems),
            labels=label_table([(value, words(organ)) for organ, value in values.items()]),
            name="TotalSegmentator",
            details=f"TotalSegmentator as published: {len(found)} subjects, {len(names)} structures; "
            + ("meta.csv's split stands" if splits else "splits are ours, by seed"),
            splits_from="meta.csv" if splits else "",
        )


def _subjects(top: Path) -> list[Path]:
    return [one for one in folders_in(top) if _SUBJECT.match(one.name)]


def _fits(top: Path) -> bool:
    return any(child(one, "segmentations") is not None for one in _subjects(top)[:5])


def _splits(top: Path) -> dict[str, str]:
    path = top / "meta.csv"
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ",")
    found = {str(row.get("image_id")): str(row.get("split")) for row in rows}
    given = {name: split for name, split in found.items() if split in ("train", "val", "test")}
    return given if {"train", "val"} <= set(given.values()) or {"train", "test"} <= set(given.values()) else {}
