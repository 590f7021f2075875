"""The published system's form: a list of tasks for each split, each an image, a mask and its prompts.

images/a.png  masks/a.png  anns/train.json  anns/val.json  anns/test.json
images/train/a.png  masks/train/mask_1/a_gt.png            sub-folders, in the files' names or around them (CAMUS)

    [{"img_name": "a.png", "mask_name": "mask_1/a_gt.png", "prompts": {"p0": "", "p1": "polyp", "p2": ["one", "two"]}}]

A label is what its masks share: their sub-folder, or what their names add to the image's. Its phrase is the prompt p1
that most of its tasks have; a case with other prompts keeps them. Of a label without a task in an image nothing is
known. What the lists hold beside (bbox, cat, segment_id, sentences) is not read, but for `patient`, which our own
writer adds.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from engine.data.matching import SPLIT_FOLDERS, patient_of, split_suffix
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile, Prompts
from engine.data.readers.pairing import NotJson, damaged_list, label_table, load_json, text_of, unique_ids
from engine.data.tree import child, files_in, find, folders_in, place

_SPLITS = {**SPLIT_FOLDERS, "testa": "test", "testb": "test"}
_HEAD = 4096
_NUMBER = re.compile(r"p(\d+)$")
# Words of a mask's name that say nothing of what it shows.
_PLAIN = frozenset({"", "gt", "mask", "seg", "label", "segmentation"})


@dataclass
class _Found:
    """An image of one split with its tasks: label key → (mask, prompts)."""

    image: Path
    split: str
    place: str  # of the image, without suffix, below its images folder
    patient: str = ""
    tasks: dict[str, tuple[Path, Prompts]] = field(default_factory=dict)


@LAYOUTS.register("task_files")
class TaskFiles:
    """Registered layout; see the module's text."""

    title = "Published task files (images, masks, anns)"

    def recognises(self, folder: Path) -> float:
        top = find(folder, _holds_lists)
        return 0.985 if top is not None and child(top, "images") is not None else 0.0

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _holds_lists) or folder
        problems: list[Problem] = []
        images: dict[tuple[str, Path], _Found] = {}
        lists = _lists(top)
        for path, split in lists:
            try:
                rows = load_json(path)
                if not isinstance(rows, list):
                    raise NotJson("it holds no list of tasks")
            except NotJson as error:
                problems.append(damaged_list(place(path, folder), str(error)))
                continue
            _read_tasks(rows, top, folder, path, split, images, problems)
        values, labels = _labels(images.values())
        names = {
            key: (PurePosixPath(found.place).name, found.place, f"{found.split}/{found.place}")
            for key, found in images.items()
        }
        ids = unique_ids({str(number): names[key] for number, key in enumerate(images)})
        cases = [_case(ids[str(number)], found, values) for number, found in enumerate(images.values())]
        shown = ", ".join(place(path, folder) for path, _ in lists)
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=labels,
            name=top.name if top != folder else "",
            details=f"tasks listed in {shown}; images in {place(child(top, 'images') or top, folder)}/",
            splits_from="the published lists",
        )


def _holds_lists(folder: Path) -> bool:
    return bool(_lists(folder))


def _lists(top: Path) -> list[tuple[Path, str]]:
    """The lists of tasks with their splits, train first."""
    anns = child(top, "anns", "annotations", "ann")
    if anns is None:
        return []
    found = [
        (path, _SPLITS[path.stem.casefold()])
        for path in files_in(anns, ".json")
        if path.stem.casefold() in _SPLITS and _names_tasks(path)
    ]
    return sorted(found, key=lambda row: ("train", "val", "test").index(row[1]))


def _names_tasks(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return b'"img_name"' in head or b'"mask_name"' in head


def _read_tasks(
    rows: list[Any],
    top: Path,
    folder: Path,
    path: Path,
    split: str,
    images: dict[tuple[str, Path], _Found],
    problems: list[Problem],
) -> None:
    where = place(path, folder)
    known = _known_files(top)
    for number, row in enumerate(rows):
        name, mask_name = (text_of(row.get(key)) if isinstance(row, dict) else "" for key in ("img_name", "mask_name"))
        if not name or not mask_name:
            problems.append(_bad_task(where, number, "it names no image or no mask"))
            continue
        image = _resolve(known["images"], name, split)
        mask = _resolve(known["masks"], mask_name, split)
        if image is None:
            problems.append(_missing(where, number, "image", name))
            continue
        if mask is None:
            problems.append(_missing(where, number, "mask", mask_name))
            continue
        prompts, wrong = _prompts(row.get("prompts"))
        if wrong:
            problems.append(_bad_task(where, number, wrong))
        home = child(top, "images") or top
        found = images.setdefault((split, image), _Found(image, split, split_suffix(place(image, home))[0]))
        found.patient = found.patient or text_of(row.get("patient"))
        key = _label_key(name, mask_name)
        if found.tasks.get(key, (mask,))[0] != mask:
            problems.append(_bad_task(where, number, f"{name} has two masks of one label; {mask_name} was not used"))
        else:
            found.tasks.setdefault(key, (mask, prompts))


def _known_files(top: Path) -> Mapping[str, Mapping[str, Path]]:
    """`images` and `masks`: place below them → path. Looked up once: a list may name ten thousand files."""
    found: dict[str, dict[str, Path]] = {}
    for name in ("images", "masks"):
        home = child(top, name)
        rows: dict[str, Path] = {}
        level = [home] if home is not None else []
        while level:
            for one in level:
                rows.update({place(path, home or one): path for path in files_in(one)})
            level = [inner for one in level for inner in folders_in(one)]
        found[name] = rows
    return found


def _resolve(known: Mapping[str, Path], name: str, split: str) -> Path | None:
    """The file of this name, in the folder itself or in the split's (val lies with train in CAMUS)."""
    plain = PurePosixPath(name.replace("\\", "/")).as_posix().removeprefix("./")
    own = {"train": ("train", "training"), "val": ("val", "valid", "validation", "train", "training")}
    for before in (*own.get(split, ("test", "testing")), ""):
        found = known.get(f"{before}/{plain}" if before else plain)
        if found is not None:
            return found
    return None


def _prompts(given: Any) -> tuple[Prompts, str]:
    """Prompts in the order of their numbers, and what is wrong with them."""
    if given is None:
        return (), ""
    if not isinstance(given, dict):
        return (), "its prompts are no mapping of p0, p1 …"
    found: list[tuple[str, tuple[str, ...]]] = []
    wrong = ""
    for name, value in given.items():
        texts = tuple(text_of(text) for text in (value if isinstance(value, list) else [value]))
        fits = _NUMBER.match(str(name)) is not None and texts
        if not fits or any(not isinstance(text, str) for text in (value if isinstance(value, list) else [value])):
            wrong = f"its prompt {name!r} is no text"
            continue
        found.append((str(name), texts))
    return tuple(sorted(found, key=lambda row: int(row[0][1:]))), wrong


def _label_key(name: str, mask_name: str) -> str:
    """What a mask's name says of its label: `mask_1/a_gt.png` → "mask_1", `a_edema.png` of `a.jpg` → "edema"."""
    mask = PurePosixPath(mask_name.replace("\\", "/"))
    folders = [part for part in mask.parts[:-1] if part not in (".", "/") and part.casefold() not in _SPLITS]
    if folders:
        return "/".join(folders)
    image_stem, mask_stem = split_suffix(PurePosixPath(name).name)[0], split_suffix(mask.name)[0]
    rest = mask_stem.removeprefix(image_stem).strip("_- ") if mask_stem.startswith(image_stem) else ""
    return "" if rest.casefold() in _PLAIN else rest


def _labels(images: Iterable[_Found]) -> tuple[dict[str, int], tuple[Any, ...]]:
    """Label key → value, and the table: named and phrased as most of a label's tasks say (p1, else what there is)."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for found in images:
        for key, (_, prompts) in found.tasks.items():
            texts = dict(prompts)
            text = next((texts[name][0] for name in ("p1", *texts) if texts.get(name, ("",))[0]), "")
            said[key][text] += 1
    keys = sorted(said)
    values = {key: number for number, key in enumerate(keys, 1)}
    rows = []
    for key in keys:
        # "No polyp" is said of images without any: it names nothing that could be found.
        named = [text for text, _ in said[key].most_common() if text and not text.casefold().startswith("no ")]
        phrase = named[0] if named else PurePosixPath(key).name.replace("_", " ") or "object"
        rows.append((values[key], phrase.rstrip(". "), phrase))
    return values, label_table(rows)


def _case(case_id: str, found: _Found, values: Mapping[str, int]) -> Case:
    tasks = sorted(found.tasks.items())
    return Case(
        case_id=case_id,
        patient=found.patient or patient_of(found.place),
        image=found.image,
        masks=tuple(MaskFile(mask, value=values[key]) for key, (mask, _) in tasks),
        split=found.split,
        known=frozenset(values[key] for key, _ in tasks),
        prompts=tuple((values[key], prompts) for key, (_, prompts) in tasks if prompts),
    )


def _bad_task(where: str, number: int, what: str) -> Problem:
    return Problem("bad_task", "warning", f"Task {number + 1}: {what}.", where, "Mend the list, or leave it so.")


def _missing(where: str, number: int, what: str, name: str) -> Problem:
    return Problem(
        kind="mask_without_image" if what == "image" else "image_without_mask",
        severity="error",
        message=f"Task {number + 1} names the {what} {name}, which is not there; it is left out.",
        path=where,
        fix=f"Add {what}s/{name}, or take the task out of the list.",
    )
