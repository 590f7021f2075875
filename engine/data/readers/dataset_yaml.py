"""Our own `dataset.yaml`: splits, labels and patients of a dataset as they were edited, its files where they are.

    version: 1
    name: polyps
    folder: .                   # where the files lie, seen from this file
    layout: folder_pairs        # how they are organised; auto: recognised
    labels: [{value: 1, name: polyp, phrase: a polyp, colour: "#E69F00"}]
    splits: {train: [a, b], val: [c], test: [d]}      # case ids; a case in none is left out
    patients: {a: first, b: first}
    repaired: {masks/a.png: tunevlseg-repaired/masks/a.png}     # read in place of the first; both seen from `folder`
    left_out: [e]               # case ids that are not used
    merged: {3: 1}              # label values that count as another: 3 is no label of its own

In place of `layout`, a list of cases for files that follow no layout:

    cases:
    - {id: a, image: pictures/a.png, mask: truth/a-x.png, split: train, patient: first}
    - {id: b, image: b.png, masks: [{path: b-1.png, value: 1}, {path: b-2.png, value: 2}]}
    - {id: c, image: c.png, masks: [{path: c-1.png, value: 1}], known: [1]}      # nothing is learnt of other labels

`data inspect --write`, `data split` and `data repair` write it; what is left out is as the layout finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from engine.config.fields import Settings, setting
from engine.config.yaml_io import build, load_yaml
from engine.contract.errors import EngineError, RecipeError
from engine.data.config import LabelConfig, MaskKind
from engine.data.labels import colour_of
from engine.data.matching import patient_of, split_suffix
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.mended import mended
from engine.data.readers.nameless import nameless
from engine.data.readers.pairing import damaged_list, no_image, no_mask
from engine.data.tree import find, place

FILE_NAME = "dataset.yaml"
SplitName = Literal["train", "val", "test"]
Text = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int | float) else value)]
"""A name; YAML reads 0001 and 12 as numbers, which are meant as text."""


class ListedMask(Settings):
    path: str = setting(..., "Mask file.", min_length=1)
    value: int | None = setting(None, "The label that all its values above 0 are; none: its values are labels.", ge=1)


class ListedCase(Settings):
    id: Text = setting("", "Name of the case; empty: the image's.")
    image: str = setting(..., "Image or scan.", min_length=1)
    mask: str = setting("", "Its mask.")
    masks: tuple[ListedMask, ...] = setting((), "Its masks, where there are several.")
    split: SplitName | None = setting(None, "Its split.")
    patient: Text = setting("", "Its patient; empty: as the name says.")
    known: tuple[int, ...] = setting((), "Labels (values) whose truth its masks tell; none: all.")


class DatasetFile(Settings):
    """Contents of a dataset.yaml."""

    version: Literal[1] = setting(1, "Version of this format.")
    name: str = setting("", "Name of the dataset.")
    folder: str = setting(".", "Where the files lie, seen from this file.")
    layout: str = setting("", "How the files are organised; auto: recognised.")
    synthetic: bool = setting(False, "Drawn images.")
    labels: tuple[LabelConfig, ...] = setting((), "Label table; none: as found.")
    kind: MaskKind | None = setting(None, "binary: every mask value above 0 is the one label.")
    splits: dict[SplitName, tuple[Text, ...]] = setting({}, "Case ids of each split.")
    patients: dict[Text, Text] = setting({}, "Patient of a case.")
    cases: tuple[ListedCase, ...] = setting((), "Cases of files that follow no layout.")
    repaired: dict[str, str] = setting({}, "Masks that are read from another file, seen from `folder` as it is.")
    left_out: tuple[Text, ...] = setting((), "Case ids that are not used.")
    merged: dict[int, int] = setting({}, "Label values that count as another label's.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.layout and self.cases:
            raise ValueError("layout and cases exclude each other: give one of them")
        if any(value < 1 or into < 1 for value, into in self.merged.items()):
            raise ValueError("merged holds a value below 1: background is no label")
        if self.layout == "dataset_yaml":
            raise ValueError("layout names the organisation of the files, not this file")
        return self


@LAYOUTS.register("dataset_yaml")
class DatasetYaml:
    """Registered layout; see the module's text."""

    title = "dataset.yaml"

    def recognises(self, folder: Path) -> float:
        return 1.0 if find(folder, _fits, 1) is not None else 0.0

    def cases(self, folder: Path) -> CaseList:
        path = file_of(folder)
        where = place(path, folder)
        try:
            about = read_dataset_file(path)
        except EngineError as error:
            return CaseList((), (damaged_list(where, error.message.rstrip(".")),))
        home = (path.parent / about.folder).resolve() if about.folder != "." else path.parent
        if not home.is_dir():
            return CaseList((), (damaged_list(where, f"the folder {about.folder} is not there"),))
        if about.cases:
            found = _listed(about, home)
        else:
            try:
                found = _organised(about, home)
            except EngineError as error:
                return CaseList((), (damaged_list(where, error.message.rstrip(".")),))
        found = _with_splits(mended(found, about, home, where), about, where)
        return replace(
            found,
            labels=tuple(label for label in about.labels or found.labels if label.value not in about.merged),
            kind=about.kind or found.kind,
            name=about.name or found.name,
            synthetic=about.synthetic or found.synthetic,
            details=f"{FILE_NAME}; {found.details}" if found.details else FILE_NAME,
        )


def file_of(folder: Path) -> Path:
    """The dataset.yaml of a folder: in it, or in one of its sub-folders."""
    return (find(folder, _fits, 1) or folder) / FILE_NAME


def read_dataset_file(path: Path) -> DatasetFile:
    """Raises InputError for an unreadable file, RecipeError with the field's path for anything wrong in it."""
    values = load_yaml(path)
    if not _is_text(values):
        raise RecipeError(f"{path.name} holds characters that no text has (halves of surrogate pairs).")
    labels = values.get("labels")
    if isinstance(labels, list):
        # A table typed by hand may leave out what follows from the rest.
        values["labels"] = [
            {"phrase": row.get("name"), "colour": colour_of(at), **row} if isinstance(row, dict) else row
            for at, row in enumerate(labels)
        ]
    return build(DatasetFile, values)


def _is_text(value: Any) -> bool:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() == value
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return all(_is_text(one) for one in inner)


def _fits(top: Path) -> bool:
    path = top / FILE_NAME
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    # Files of the same name belong to other programs too (YOLO): theirs have other keys.
    return b"version:" in head


def _organised(about: DatasetFile, home: Path) -> CaseList:
    """What the layout finds in the folder; raises UnknownName, or DatasetIncomplete where none fits."""
    if about.layout not in ("", "auto"):
        return nameless(LAYOUTS.get(about.layout, field="layout")().cases(home))
    scores = {name: cls().recognises(home) for name, cls in LAYOUTS if name != "dataset_yaml"}
    best = max(scores, key=lambda name: scores[name])
    return nameless(LAYOUTS.get(best)().cases(home)) if scores[best] else CaseList((), details="nothing recognised")


def _listed(about: DatasetFile, home: Path) -> CaseList:
    cases: list[Case] = []
    problems: list[Problem] = []
    taken: set[str] = set()
    for row in about.cases:
        image = home / row.image
        name = row.id or split_suffix(PurePosixPath(row.image).name)[0]
        files = row.masks or ((ListedMask(path=row.mask),) if row.mask else ())
        masks = tuple(MaskFile(home / mask.path, value=mask.value) for mask in files)
        missing = [mask for mask in masks if not mask.path.is_file()]
        if name in taken:
            problems.append(_twice(name))
        elif not image.exists():
            problems.append(no_image(f"{FILE_NAME}: {name}", row.image))
        elif not masks or missing:
            wanted = place(missing[0].path, home) if missing and missing[0].path.is_relative_to(home) else "mask"
            problems.append(no_mask(row.image, wanted))
        else:
            patient = row.patient or patient_of(split_suffix(row.image)[0])
            cases.append(Case(name, patient, image, masks, row.split, frozenset(row.known) or None))
        taken.add(name)
    return CaseList(tuple(cases), tuple(problems), details=f"{len(cases)} cases listed", splits_from=FILE_NAME)


def _with_splits(found: CaseList, about: DatasetFile, where: str) -> CaseList:
    split_of: dict[str, str] = {}
    problems = list(found.problems)
    for split, names in about.splits.items():
        for name in names:
            if name in split_of:
                problems.append(_twice(name))
            split_of.setdefault(name, split)
    known = {case.case_id for case in found.cases}
    problems += [_gone(name, where) for name in split_of if name not in known and name not in about.left_out]
    left = [case.case_id for case in found.cases if case.case_id not in split_of] if split_of else []
    if left:
        problems.append(_not_listed(left, where))
    cases = [
        replace(
            case,
            split=split_of[case.case_id] if split_of else case.split,
            patient=_named(about.patients, case),
        )
        for case in found.cases
        if not split_of or case.case_id in split_of
    ]
    return replace(
        found, cases=tuple(cases), problems=tuple(problems), splits_from=FILE_NAME if split_of else found.splits_from
    )


def _named(patients: Mapping[str, str], case: Case) -> str:
    return patients.get(case.case_id, case.patient)


def _twice(name: str) -> Problem:
    told = f"The case {name} is listed twice; the first place counts."
    return Problem("listed_twice", "warning", told, FILE_NAME, "Take one of them out.")


def _gone(name: str, where: str) -> Problem:
    told = f"The splits name the case {name}, which is not there."
    return Problem("case_gone", "warning", told, where, "Put its files back, or take it out of the splits.")


def _not_listed(names: list[str], where: str) -> Problem:
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return Problem(
        kind="not_listed",
        severity="warning",
        message=f"{len(names)} cases are in no split and were left out ({shown}).",
        path=where,
        fix="Add them to splits, or write the file anew (tunevlseg data split).",
        count=len(names),
    )


def to_values(file: DatasetFile) -> dict[str, Any]:
    """Plain values of what differs from the defaults, in the order of the fields."""
    values = file.model_dump(mode="json", exclude_defaults=True)
    return {"version": file.version, **values}
