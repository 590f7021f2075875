"""How large the cache may grow, what goes first, and what it holds."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.contract.errors import OutOfRange
from engine.contract.whole_file import write_text
from engine.data.cache.owner import own_name, owner_lives
from engine.data.cache.pack import SUFFIX, WRITING, DamagedPack, read_about, removed
from engine.runs.folders import cache_folder

LIMIT = "TUNEVLSEG_CACHE_GB"
"""Environment variable: the most that decoded slices may take, in GB (10⁹ bytes); 0 keeps none after a run."""

_SHARE = 0.25  # of what the disk would have free without the cache
_MOST = 100_000_000_000
_IN_USE = "in-use"
ONCE = "once-"
"""Folders that belong to one dataset of one process, and go with it."""


def slices_folder() -> Path:
    return cache_folder() / "slices"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    bytes: int
    used: float  # seconds since the epoch


class Room:
    """The cache below `folder` as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[_File]:
        """Every pack, the least recently used first."""
        found: list[_File] = []
        for path in self.folder.glob(f"*/*{SUFFIX}"):
            with contextlib.suppress(OSError):  # another process may remove it meanwhile
                known = path.stat()
                found.append(_File(path, known.st_size, known.st_mtime))
        return sorted(found, key=lambda file: (file.used, file.path.name))

    def limit(self) -> int:
        """Bytes that all packs together may take. Raises OutOfRange where the environment says nonsense."""
        given = os.environ.get(LIMIT, "").strip()
        if not given:
            free = shutil.disk_usage(self.folder).free + sum(file.bytes for file in self.files())
            return min(_MOST, int(_SHARE * free))
        try:
            gigabytes = float(given)
        except ValueError:
            gigabytes = math.nan
        if not 0 <= gigabytes < math.inf:
            raise OutOfRange(
                f"{LIMIT} is {given!r}: the size of the cache is a number of GB.",
                hint=f"Set it to a number from 0 on, such as {LIMIT}=20, or unset it.",
            )
        return int(gigabytes * 1e9)

    def make(self, need: int, spare: Collection[Path]) -> bool:
        """Whether `need` more bytes fit, after removing what was not used for longest; nothing is removed in vain.

        `spare` and what living processes use stay.
        """
        self.sweep()
        files = self.files()
        kept = {*spare, *self.in_use()}
        over = sum(file.bytes for file in files) + need - self.limit()
        short = need - shutil.disk_usage(self.folder).free
        wanted = max(over, short)
        going = [file for file in files if file.path not in kept]
        if wanted > sum(file.bytes for file in going):
            return False
        for file in going:
            if wanted <= 0:
                break
            if removed(file.path):
                wanted -= file.bytes
        return wanted <= 0

    def clear(self, dataset: str = "") -> tuple[int, int]:
        """Removes all, or what was made of one dataset; bytes removed, and bytes spared since a process uses them."""
        self.sweep()
        kept = self.in_use()
        gone = spared = 0
        for file in self.files():
            if dataset and _about(file.path).get("dataset") != dataset:
                continue
            if file.path not in kept and removed(file.path):
                gone += file.bytes
            else:
                spared += file.bytes
        for folder in self._folders():
            with contextlib.suppress(OSError):  # still full
                folder.rmdir()
        return gone, spared

    def sweep(self) -> None:
        """Removes what processes that no longer live have left behind."""
        for path in [*self.folder.glob(f"{_IN_USE}/*"), *self.folder.glob(f"*/{WRITING}*")]:
            if not owner_lives(path):
                removed(path)
        for path in self.folder.glob(f"{ONCE}*"):
            if not owner_lives(path):
                shutil.rmtree(path, ignore_errors=True)

    def in_use(self) -> set[Path]:
        """Packs that living processes have mapped."""
        found: set[Path] = set()
        for path in self.folder.glob(f"{_IN_USE}/*"):
            if owner_lives(path):
                with contextlib.suppress(OSError, ValueError, TypeError):
                    found.update(self.folder / name for name in json.loads(path.read_text(encoding="utf-8")))
        return found

    def summary(self) -> list[dict[str, Any]]:
        """A row for each dataset and its settings, last used first: hashes, sizes, counts."""
        kept = self.in_use()
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for file in self.files():
            about = _about(file.path)
            key = (str(about.get("dataset", "")), file.path.parent.name)
            row = rows.setdefault(
                key,
                {
                    "dataset": key[0],
                    "settings": key[1][:8],
                    "pixels": about.get("size", 0),
                    "plane": about.get("plane", ""),
                    "labels": about.get("labels", 0),
                    "slices": 0,
                    "bytes": 0,
                    "used": 0.0,
                    "in_use": False,
                },
            )
            row["slices"] += len(about.get("rows", ()))
            row["bytes"] += file.bytes
            row["used"] = max(row["used"], file.used)
            row["in_use"] |= file.path in kept
        return sorted(rows.values(), key=lambda row: -row["used"])

    def _folders(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from (path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(ONCE))


def _about(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, DamagedPack, ValueError, KeyError, TypeError):
        return dict(read_about(path))
    return {}


class UseMark:
    """Tells other processes which packs this one has mapped, until `remove`, or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / _IN_USE / own_name()

    def set(self, packs: Iterable[Path]) -> None:
        """Raises DiskFull or InputError."""
        names = sorted({path.relative_to(self._folder).as_posix() for path in packs})
        write_text(self._path, json.dumps(names))

    def remove(self) -> None:
        removed(self._path)
