"""The files of a dataset folder with the part that their names give them: image or mask, split, place within it."""

from __future__ import annotations

import functools
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.matching import IMAGE_FOLDERS, MASK_FOLDERS, SPLIT_FOLDERS, split_suffix
from engine.volumes.dicom.files import SUFFIXES as DICOM
from engine.volumes.dicom.files import looks_like_dicom

REPAIRED = "tunevlseg-repaired"
"""The folder within a dataset's that receives mended masks; no layout looks into it, `dataset.yaml` names its files."""

_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Listed:
    """A file. `role` image or mask when its folders say so, else ""; `inner` is what remains of its folders."""

    path: Path
    relative: str  # to the dataset's folder, with "/"
    role: str
    split: str | None
    inner: str
    mask_folder: str
    stem: str
    suffix: str


@functools.lru_cache(maxsize=1024)
def folder_meaning(name: str) -> tuple[str, str | None] | None:
    """`images` → ("image", None); `train` → ("", "train"); `train_masks` → ("mask", "train"); None for other names."""
    lower = name.lower()
    if lower in IMAGE_FOLDERS:
        return "image", None
    if lower in MASK_FOLDERS:
        return "mask", None
    if lower in SPLIT_FOLDERS:
        return "", SPLIT_FOLDERS[lower]
    words = lower.replace("-", "_").replace(" ", "_").split("_")
    if len(words) != 2:
        return None
    meanings = [folder_meaning(word) for word in words]
    roles = [found[0] for found in meanings if found and found[0]]
    splits = [found[1] for found in meanings if found and found[1]]
    return (roles[0], splits[0]) if len(roles) == 1 and len(splits) == 1 else None


def files_of(folder: Path) -> list[Listed]:
    """Every visible file, in name order; links to folders are followed once."""
    return [_listed(path, parts) for path, parts in sorted(_walk(folder, (), set()))]


def with_series(files: list[Listed]) -> list[Listed]:
    """Folders of DICOM slices within the images folder stand for one scan each, called like the folder.

    Not where masks lie in a folder of the same name: there every file has its own.
    """
    masked = {listed.inner for listed in files if listed.role == "mask"}
    homes: dict[Path, list[Listed]] = defaultdict(list)
    for listed in files:
        if listed.role == "image" and listed.inner and listed.inner not in masked:
            homes[listed.path.parent].append(listed)
    series: dict[Path, Listed] = {}
    for home, own in homes.items():
        first = own[0]
        if len(own) > 1 and (first.suffix in DICOM or (not first.suffix and looks_like_dicom(first.path))):
            inner, _, stem = first.inner.rpartition("/")
            place = first.relative.rpartition("/")[0]
            series[home] = replace(first, path=home, relative=place, inner=inner, stem=stem, suffix=DICOM[0])
    if not series:
        return files
    rest = [listed for listed in files if listed.path.parent not in series]
    return sorted([*rest, *series.values()], key=lambda listed: listed.relative)


def name_is_text(listed: Listed) -> bool:
    """False for a name in bytes that are no UTF-8: it could be neither shown nor written into a report."""
    return listed.relative.isascii() or listed.relative.encode("utf-8", "replace").decode() == listed.relative


def only_folder(folder: Path) -> Path | None:
    """The one sub-folder of a folder that has nothing else in it (what unpacking an archive often leaves)."""
    entries = [entry for entry in folder.iterdir() if not hidden(entry.name)]
    folders = [entry for entry in entries if entry.is_dir()]
    if len(folders) != 1 or folder_meaning(folders[0].name) is not None:
        return None
    files = [entry for entry in entries if entry.is_file()]
    texts = {".md", ".txt", ".json", ".csv", ".pdf", ".rst", ""}
    return folders[0] if all(split_suffix(entry.name)[1] in texts for entry in files) else None


def hidden(name: str) -> bool:
    """Files that systems leave in folders, whatever begins with a dot, and masks that this program mended."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini", REPAIRED)


def _walk(folder: Path, above: tuple[str, ...], seen: set[Path]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Files, each with the names that lead to it."""
    real = folder.resolve()
    if real in seen or len(above) > _DEEPEST:
        return
    seen.add(real)
    with os.scandir(folder) as entries:
        found = sorted((entry for entry in entries if not hidden(entry.name)), key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir():
            yield from _walk(Path(entry.path), (*above, entry.name), seen)
        else:
            yield Path(entry.path), (*above, entry.name)


def _listed(path: Path, parts: tuple[str, ...]) -> Listed:
    role, split, mask_folder = "", None, ""
    folders = list(parts[:-1])
    while folders:
        meaning = folder_meaning(folders[0])
        if meaning is None or (meaning[0] and role) or (meaning[1] and split):
            break
        role, split = meaning[0] or role, meaning[1] or split
        if meaning[0] == "mask":
            mask_folder = folders[0]
        folders.pop(0)
    stem, suffix = split_suffix(parts[-1])
    return Listed(path, "/".join(parts), role, split, "/".join(folders), mask_folder, stem, suffix)
