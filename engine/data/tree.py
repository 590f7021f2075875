"""What layouts see of a folder: names only, read once however many of them ask."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.data.listing import hidden
from engine.data.matching import split_suffix

_FRESH_S = 2.0
_DEEPEST = 3
_MOST_FOLDERS = 300
_MOST_WRAPPINGS = 5
_MOST_BESIDE = 3  # a readme, a licence


def folders_in(folder: Path) -> list[Path]:
    """Visible sub-folders in name order; none where it cannot be opened."""
    return list(_entries(folder)[0])


def files_in(folder: Path, *suffixes: str) -> list[Path]:
    """Visible files in name order, of these suffixes (lower case, ".nii.gz" counts as one) where some are given."""
    paths = _entries(folder)[1]
    return [path for path in paths if not suffixes or split_suffix(path.name)[1] in suffixes]


def below(folder: Path, deepest: int = _DEEPEST, most: int = _MOST_FOLDERS) -> Iterator[Path]:
    """The folder and those in it, level by level, at most `deepest` below the first that holds more than one folder.

    What unpacking an archive leaves around a dataset does not count. `most` folders are looked at: enough to recognise
    a dataset, not always to list it.
    """
    for _ in range(_MOST_WRAPPINGS):
        folders = folders_in(folder)
        if len(folders) != 1 or len(files_in(folder)) > _MOST_BESIDE:
            break
        yield folder
        folder = folders[0]
    level, seen = [folder], 0
    for _ in range(deepest + 1):
        following: list[Path] = []
        for one in level:
            yield one
            seen += 1
            if seen >= most:
                return
            following += folders_in(one)
        level = following


def find(folder: Path, fits: Callable[[Path], bool], deepest: int = _DEEPEST) -> Path | None:
    """The first folder, level by level, that `fits`."""
    return next((one for one in below(folder, deepest) if fits(one)), None)


def child(folder: Path, *names: str) -> Path | None:
    """The sub-folder of one of these names, whatever its case."""
    wanted = {name.casefold() for name in names}
    return next((one for one in folders_in(folder) if one.name.casefold() in wanted), None)


def stem(path: Path) -> str:
    """File name without its suffix."""
    return split_suffix(path.name)[0]


def place(path: Path, folder: Path) -> str:
    """Path relative to the dataset's folder, with "/"."""
    return path.relative_to(folder).as_posix()


Paths = tuple[Path, ...]


def _entries(folder: Path) -> tuple[Paths, Paths]:
    """Sub-folders and files."""
    try:
        changed = folder.stat()
        # A change within the clock's step would not show: what is fresh is read each time.
        if time.time() - changed.st_mtime < _FRESH_S:
            return _read(folder)
        return _kept(folder, changed.st_mtime_ns, changed.st_ino)
    except OSError:
        return (), ()


@functools.lru_cache(maxsize=128)
def _kept(folder: Path, changed_ns: int, inode: int) -> tuple[Paths, Paths]:
    del changed_ns, inode  # they tell one state of the folder from the next
    return _read(folder)


def _read(folder: Path) -> tuple[Paths, Paths]:
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not hidden(entry.name):
                (folders if entry.is_dir() else files).append(entry.name)
    return tuple(folder / name for name in sorted(folders)), tuple(folder / name for name in sorted(files))
