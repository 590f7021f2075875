"""COCO JSON: outlines or run lengths for each object (cocodataset.org, format of the data).

annotations/instances_train2017.json  train2017/000000000009.jpg   annotations/instances_val2017.json  val2017/…
train/_annotations.coco.json          train/a.jpg …                as Roboflow exports it
annotations.json                      images/a.jpg …

    {"images": [{"id": 1, "file_name": "a.jpg", "height": 480, "width": 640}],
     "categories": [{"id": 1, "name": "polyp"}],
     "annotations": [{"image_id": 1, "category_id": 1, "segmentation": [[x1, y1, x2, y2, …]], "iscrowd": 0}]}

Objects of a category are joined: one label each. An image without objects shows none. Boxes without an outline are
told and left out, since they say nothing of the shape.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

from engine.data.mask_codes import Shape, Shapes
from engine.data.matching import SPLIT_FOLDERS, patient_of, split_suffix
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import NotJson, damaged_list, label_table, load_json, text_of, unique_ids, words
from engine.data.tree import below, child, files_in, folders_in, place

_HEAD = 65_536
_KEYS = (b'"images"', b'"annotations"', b'"categories"')


@LAYOUTS.register("coco")
class Coco:
    """Registered layout; see the module's text."""

    title = "COCO JSON"

    def recognises(self, folder: Path) -> float:
        return 0.93 if _lists(folder) else 0.0

    def cases(self, folder: Path) -> CaseList:
        problems: list[Problem] = []
        found: list[tuple[Path, str | None, Path, dict[int, list[Shape]]]] = []
        names: dict[int, str] = {}
        lists = _lists(folder)
        for path in lists:
            try:
                about = load_json(path)
                if not isinstance(about, dict):
                    raise NotJson("it is no mapping")
            except NotJson as error:
                problems.append(damaged_list(place(path, folder), str(error)))
                continue
            names |= _categories(about)
            found += [(image, _split(path, folder), path, own) for image, own in _images(about, path, folder, problems)]
        used = {number for *_, own in found for number in own}
        # Some exporters list a group of all categories as one more, with the number 0 and without objects.
        shown = {number: name for number, name in names.items() if number in used or len(names) == 1}
        values = {number: at for at, number in enumerate(sorted(shown), 1)}
        if shown and min(shown) >= 1 and max(shown) <= 65535:
            values = {number: number for number in shown}
        ids = unique_ids(
            {
                f"{at}": (split_suffix(image.name)[0], split_suffix(place(image, folder))[0], f"{at}")
                for at, (image, *_) in enumerate(found)
            }
        )
        cases = [
            Case(
                ids[str(at)],
                patient_of(split_suffix(place(image, folder))[0]),
                image,
                tuple(
                    MaskFile(path, value=values[number], exact=True, code=Shapes(tuple(shapes)))
                    for number, shapes in sorted(own.items())
                    if number in values
                ),
                split,
            )
            for at, (image, split, path, own) in enumerate(found)
        ]
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=label_table([(values[number], words(shown[number])) for number in sorted(shown)]),
            details=f"objects listed in {', '.join(place(path, folder) for path in lists)}",
        )


def _lists(folder: Path) -> list[Path]:
    """JSON files that hold images, annotations and categories."""
    found: list[Path] = []
    for one in below(folder, 2):
        for path in files_in(one, ".json")[:20]:
            # Captions and keypoints of the same images lie beside the instances in COCO's own download.
            if not re.match(r"(captions|person_keypoints|image_info)", path.name) and _is_coco(path):
                found.append(path)
    return found


def _is_coco(path: Path) -> bool:
    """Whether the file looks like COCO's: its keys may be far apart, so its end is looked at too."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(max(0, size - _HEAD))
            ends = head + file.read(_HEAD)
    except OSError:
        return False
    named = b'"file_name"' in ends or b'"category_id"' in ends
    known = sum(key in ends for key in _KEYS)
    if not named or known == 0 or b'"img_name"' in head:
        return False
    if known == len(_KEYS):
        return True
    try:
        about = load_json(path)
    except NotJson:
        return False
    return isinstance(about, dict) and all(isinstance(about.get(key.decode().strip('"')), list) for key in _KEYS)


def _split(path: Path, folder: Path) -> str | None:
    """`instances_val2017` → val; a folder of that name counts too."""
    parts = [*re.split(r"[^a-z]+", path.stem.casefold()), *(part.casefold() for part in path.relative_to(folder).parts)]
    return next((SPLIT_FOLDERS[part] for part in parts if part in SPLIT_FOLDERS), None)


def _categories(about: dict[str, Any]) -> dict[int, str]:
    return {
        row["id"]: text_of(row.get("name"), f"category {row['id']}")
        for row in _rows(about, "categories")
        if isinstance(row.get("id"), int)
    }


def _rows(about: dict[str, Any], key: str) -> list[dict[str, Any]]:
    rows = about.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _images(
    about: dict[str, Any], path: Path, folder: Path, problems: list[Problem]
) -> list[tuple[Path, dict[int, list[Shape]]]]:
    """Image files with their objects: category → shapes."""
    where = place(path, folder)
    rows = _rows(about, "images")
    own: dict[str, dict[int, list[Shape]]] = defaultdict(lambda: defaultdict(list))
    wrong: Counter[str] = Counter()
    for row in _rows(about, "annotations"):
        shape = _shape(row, wrong)
        if shape is not None:
            own[str(row.get("image_id"))][int(row["category_id"])].append(shape)
    problems += [
        Problem(
            kind="bad_annotation",
            severity="warning",
            message=f"{count} annotations were left out: {what}.",
            path=where,
            fix="Mend the file, or leave it so.",
            count=count,
        )
        for what, count in wrong.items()
    ]
    homes = _homes(path, folder)
    found: list[tuple[Path, dict[int, list[Shape]]]] = []
    for row in rows:
        name = text_of(row.get("file_name"))
        image = _image(name, homes)
        if image is None:
            problems.append(
                Problem(
                    kind="mask_without_image",
                    severity="error",
                    message=f"The list names the image {name or row.get('id')!r}, which is not there; it is left out.",
                    path=where,
                    fix="Add the image, or take it out of the list.",
                )
            )
        else:
            found.append((image, dict(own.get(str(row.get("id")), {}))))
    return found


def _shape(row: dict[str, Any], wrong: Counter[str]) -> Shape | None:
    if not isinstance(row.get("category_id"), int):
        wrong["they name no category"] += 1
        return None
    given = row.get("segmentation")
    if isinstance(given, list) and given and all(isinstance(outline, list) for outline in given):
        outlines = tuple(tuple(outline) for outline in given if len(outline) >= 6)
        numbers = all(isinstance(value, int | float) for outline in outlines for value in outline)
        if outlines and numbers and all(len(outline) % 2 == 0 for outline in outlines):
            return Shape("polygons", outlines)
        wrong["their outlines have fewer than three points, or values that are no numbers"] += 1
        return None
    if isinstance(given, dict) and isinstance(given.get("counts"), str | list):
        size, counts = given.get("size"), given["counts"]
        if isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) for side in size):
            return Shape("runs", counts if isinstance(counts, str) else tuple(counts), (size[0], size[1]))
        wrong["their run lengths have no size"] += 1
        return None
    wrong["they have a box but no outline"] += 1
    return None


def _homes(path: Path, folder: Path) -> list[Path]:
    """Where a list's images may lie: beside it, in a folder of its name, in images/, and in what those hold."""
    top = path.parent if path.parent == folder else path.parent.parent
    name = re.sub(r"^(instances|annotations|coco)_?", "", path.stem.casefold())
    found = [path.parent]
    for home in (path.parent, top, folder):
        for inner in (child(home, name), child(home, "images", "image", "imgs", "data")):
            if inner is not None:
                found += [child(inner, name) or inner, inner, *folders_in(inner)]
        found += [home, *(one for one in folders_in(home) if one.name.casefold() in (name, *SPLIT_FOLDERS))]
    return list(dict.fromkeys(found))


def _image(name: str, homes: list[Path]) -> Path | None:
    plain = PurePosixPath(name.replace("\\", "/"))
    if not plain.name or plain.is_absolute() or ".." in plain.parts:
        return None
    for candidate in dict.fromkeys((plain, PurePosixPath(plain.name))):
        for home in homes:
            if (home / candidate).is_file():
                return home / candidate
    return None
