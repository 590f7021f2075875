"""Which files are DICOM, by their first bytes: names say little (`IM0001`, a UID, no ending at all)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SUFFIXES: Final = (".dcm", ".dicom", ".ima")
MOST_FILES: Final = 50_000
_DEEPEST: Final = 8
_DIRECTORY: Final = "DICOMDIR"


def looks_like_dicom(path: Path) -> bool:
    """Whether the file begins as DICOM does: "DICM" after 128 bytes, or without that a first tag of group 2 or 8."""
    try:
        with path.open("rb") as file:
            head = file.read(140)
    except OSError:
        return False
    if head[128:132] == b"DICM":
        return True
    # Without the preamble: group 0002 or 0008, a low element number, then a type of two letters or a small length.
    if len(head) < 16 or head[:2] not in (b"\x02\x00", b"\x08\x00") or head[3] != 0:
        return False
    return (head[4:6].isalpha() and head[4:6].isupper()) or head[6:8] == b"\x00\x00"


def is_dicom_directory(path: Path) -> bool:
    """Whether this is the index file of a DICOM medium, which stands for the folder that it lies in."""
    return path.name.upper() == _DIRECTORY


def is_dicom(path: Path) -> bool:
    """A DICOM file, or a folder that holds one at any depth; False for what is not there."""
    if path.is_dir():
        return next(iter(_candidates(path)), None) is not None
    return path.is_file() and (path.name.lower().endswith(SUFFIXES) or looks_like_dicom(path))


def holds_only_dicom(folder: Path, other_suffixes: tuple[str, ...], look_at: int = 60) -> bool:
    """Whether the first files of a folder are DICOM and none has another scan's suffix; looks at `look_at` at most."""
    found = False
    for count, path in enumerate(_walk(folder)):
        name = path.name.lower()
        if name.endswith(SUFFIXES) or looks_like_dicom(path):
            found = True
        elif name.endswith(other_suffixes):
            return False
        if count >= look_at:
            break
    return found


def dicom_files(place: Path, *, deep: bool) -> list[Path]:
    """The DICOM files of a folder (`deep`: and its folders), by name; at most MOST_FILES, the index file left out."""
    files = []
    for path in _candidates(place) if deep else _here(place):
        files.append(path)
        if len(files) >= MOST_FILES:
            break
    return sorted(files)


def stamp(path: Path) -> str:
    """Changes when a file beside `path` (in it, for a folder) comes, goes or changes: for the names of caches."""
    deep = path.is_dir() or is_dicom_directory(path)
    place = path if path.is_dir() else path.parent
    known = hashlib.sha256()
    for count, file in enumerate(_walk(place) if deep else _plain_files(place)):
        try:
            found = file.stat()
        except OSError:
            continue
        known.update(f"{file}|{found.st_size}|{found.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        if count >= MOST_FILES:
            break
    return known.hexdigest()[:16]


def _candidates(folder: Path) -> Iterator[Path]:
    for path in _walk(folder):
        if not is_dicom_directory(path) and (path.name.lower().endswith(SUFFIXES) or looks_like_dicom(path)):
            yield path


def _here(folder: Path) -> Iterator[Path]:
    for path in _plain_files(folder):
        if not is_dicom_directory(path) and (path.name.lower().endswith(SUFFIXES) or looks_like_dicom(path)):
            yield path


def _plain_files(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file() and not entry.name.startswith("."))
    except OSError:
        return
    for name in names:
        yield folder / name


def _walk(folder: Path) -> Iterator[Path]:
    """Files of a folder and its folders, in the order of their names; links to folders are not followed."""
    top = len(folder.parts)
    for place, folders, names in os.walk(folder):
        here = Path(place)
        if len(here.parts) - top >= _DEEPEST:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = here / name
            if not name.startswith(".") and path.is_file():
                yield path
