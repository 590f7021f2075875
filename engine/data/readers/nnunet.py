"""nnU-Net raw, two or three dimensions (github.com/MIC-DKFZ/nnUNet, documentation/dataset_format.md).

Dataset001_Name/dataset.json            {"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": 1}, …}
Dataset001_Name/imagesTr/a_0000.nii.gz  imagesTr/a_0001.nii.gz (a second channel)
Dataset001_Name/labelsTr/a.nii.gz
Dataset001_Name/imagesTs/b_0000.nii.gz  labelsTs/b.nii.gz (where there is one: the test split)
Dataset001_Name/splits_final.json       as in nnU-Net's folder of preprocessed data: its first fold is train and val

Version 1's dataset.json (modality, labels from value to name) is read too. Of several channels the first is used. A
label of several values (a region) is all of them together; `ignore` is void.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from engine.config.yaml_io import build
from engine.contract.errors import RecipeError
from engine.data.config import LabelConfig
from engine.data.labels import colour_of
from engine.data.matching import patient_of
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import (
    NotJson,
    damaged_list,
    load_json,
    no_image,
    no_mask,
    text_of,
    without_truth,
    words,
)
from engine.data.tree import child, files_in, find, place, stem
from engine.volumes.formats.base import known_suffixes

_CHANNEL = re.compile(r"^(.+)_(\d{4})$")


@LAYOUTS.register("nnunet")
class NnUnet:
    """Registered layout; see the module's text."""

    title = "nnU-Net raw"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.94

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        problems: list[Problem] = []
        try:
            about = load_json(top / "dataset.json")
            if not isinstance(about, dict):
                raise NotJson("it is no mapping")
        except NotJson as error:
            problems.append(damaged_list(place(top / "dataset.json", folder), str(error)))
            about = {}
        meanings, wrong = _labels(about.get("labels"), about.get("phrases"))
        if wrong:
            problems.append(damaged_list(place(top / "dataset.json", folder), wrong))
        splits = _splits(top, folder, problems)
        cases: list[Case] = []
        channels = 1
        for images, labels, test in (("imagesTr", "labelsTr", False), ("imagesTs", "labelsTs", True)):
            found = _images(top / images)
            masks = {stem(path): path for path in _readable(child(top, labels))}
            if test and found and not masks:
                problems.append(without_truth(place(top / images, folder), len(found)))
                continue
            for name, files in found.items():
                channels = max(channels, len(files))
                image = files[min(files)]
                if name not in masks:
                    problems.append(no_mask(place(image, folder), place(top / labels / _label_name(image), folder)))
                    continue
                split = "test" if test else splits.get(name)
                several = tuple(files[at] for at in sorted(files)) if len(files) > 1 else ()
                cases.append(
                    Case(name, patient_of(name), image, _masks(masks[name], meanings), split, channels=several)
                )
            problems += [
                no_image(place(masks[name], folder), place(top / images / f"{name}_0000", folder) + ".…")
                for name in masks
                if name not in found
            ]
        table = tuple(label for label, _ in meanings["labels"])
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=table,
            name=words(text_of(about.get("name"), re.sub(r"^(Dataset|Task)\d+_", "", top.name))),
            synthetic=about.get("synthetic") is True,
            details=_details(about, channels),
            splits_from="splits_final.json" if splits else "",
        )


def _fits(top: Path) -> bool:
    images, about = child(top, "imagesTr"), top / "dataset.json"
    if images is None or not about.is_file():
        return False
    names = [stem(path) for path in _readable(images)[:50]]
    return bool(names) and all(_CHANNEL.match(name) for name in names)


def _readable(folder: Path | None) -> list[Path]:
    return [] if folder is None else files_in(folder, *known_suffixes())


def _images(folder: Path) -> dict[str, dict[int, Path]]:
    """Case → channel → file."""
    found: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in _readable(folder):
        channel = _CHANNEL.match(stem(path))
        if channel is not None:
            found[channel.group(1)][int(channel.group(2))] = path
    return dict(found)


def _label_name(image: Path) -> str:
    return re.sub(r"_\d{4}(?=\.)", "", image.name)


def _labels(given: Any, phrases: Any = None) -> tuple[dict[str, Any], str]:
    """`labels`: (label, values that mean it, empty where it is one) each; `void`: values to ignore; what is wrong."""
    meanings: dict[str, Any] = {"labels": [], "void": frozenset()}
    if not isinstance(given, dict):
        return meanings, "it holds no labels"
    rows: list[tuple[str, tuple[int, ...]]] = []
    for key, value in given.items():
        # Version 1 goes from value to name, version 2 from name to value or values.
        name, numbers = (value, [key]) if isinstance(value, str) else (key, value)
        try:
            values = tuple(int(number) for number in (numbers if isinstance(numbers, list) else [numbers]))
        except (TypeError, ValueError, OverflowError):
            values = ()
        if not values:
            return meanings, f"its label {key!r} has no whole number"
        if str(name).casefold() == "ignore":
            meanings["void"] = frozenset(values)
        elif values != (0,):
            rows.append((str(name), values))
    taken = {values[0] for _, values in rows if len(values) == 1}
    for name, values in rows:
        number = values[0]
        if len(values) > 1:
            number = max({number, *taken}) + 1
            taken.add(number)
        # Our own writer keeps phrases beside the labels, which are then named as they were.
        said = phrases.get(name) if isinstance(phrases, dict) else None
        shown = name if said else words(name)
        row = {"value": number, "name": shown, "phrase": said or shown, "colour": colour_of(len(meanings["labels"]))}
        try:
            label = build(LabelConfig, row, path="labels")
        except RecipeError as error:
            return meanings, error.message
        meanings["labels"].append((label, frozenset(values) if len(values) > 1 else frozenset()))
    return meanings, ""


def _masks(path: Path, meanings: dict[str, Any]) -> tuple[MaskFile, ...]:
    void: frozenset[int] = meanings["void"]
    plain = MaskFile(path, void=void, exact=True)
    regions = [(label, members) for label, members in meanings["labels"] if members]
    if not regions:
        return (plain,)
    # Regions may hold each other: each is a mask of its own, and so is each plain label then.
    return tuple(
        MaskFile(path, value=label.value, members=members or frozenset({label.value}), void=void, exact=True)
        for label, members in meanings["labels"]
    )


def _splits(top: Path, folder: Path, problems: list[Problem]) -> dict[str, str]:
    path = top / "splits_final.json"
    if not path.is_file():
        return {}
    try:
        folds = load_json(path)
        return {str(name): split for split in ("train", "val") for name in folds[0][split]}
    except (NotJson, LookupError, TypeError) as error:
        reason = str(error) if isinstance(error, NotJson) else "it holds no folds with train and val"
        problems.append(damaged_list(place(path, folder), reason))
        return {}


def _details(about: dict[str, Any], channels: int) -> str:
    names = about.get("channel_names") or about.get("modality")
    shown = [str(name) for _, name in sorted(names.items())] if isinstance(names, dict) else []
    text = "imagesTr and labelsTr with dataset.json"
    if channels > 1:
        first = f" ({shown[0]})" if shown else ""
        text += f"; of {channels} channels the first{first} is used, or the one in data.channel"
    return text
