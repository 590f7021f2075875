"""Encoded slices on disk, by content: the same scan asked again next week costs its text and the mask graph only.

A folder a stack of slices and bundle, one .npz a batch. Names are hashes: nothing tells whose scan it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import EngineError
from engine.contract.whole_file import write_whole
from engine.runs.folders import cache_folder
from engine.volumes.preprocess import Range
from engine.volumes.slicing import SliceStack

MOST_ON_DISK: Final = 4 * 1024**3
"""Bytes of encodings kept: some 60 scans of 200 slices at CLIPSeg's published size."""

_DAMAGED = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def encodings_folder() -> Path:
    """Where they lie; may be deleted at any time."""
    return cache_folder() / "encodings"


def content_of(stack: SliceStack, limits: Range) -> str:
    """What the slices show, in the order in which they are shown, and what is black and white: a hash.

    One head stored in another axis order has the same one.
    """
    found = hashlib.blake2b(repr((stack.slices.shape, stack.slices.dtype.str, limits)).encode(), digest_size=16)
    for index in range(len(stack)):
        found.update(np.ascontiguousarray(stack[index]).data)
    return found.hexdigest()


class EncodingFiles:
    """Encodings in `folder`, at most `limit` bytes: stacks that were used longest ago go first."""

    def __init__(self, folder: Path, limit: int = MOST_ON_DISK) -> None:
        self.folder = folder
        self.limit = limit

    def get(self, stack: str, start: int) -> dict[str, NDArray[Any]] | None:
        """The arrays of the batch that begins at slice `start`; None where there are none, or they are damaged."""
        path = self._path(stack, start)
        try:
            # numpy leaves a file open that is no archive, so it is opened here.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                found = {name: held[name] for name in held.files}  # each with its checksum compared
        except FileNotFoundError:
            return None
        except _DAMAGED:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path.parent)
        return found

    def put(self, stack: str, start: int, arrays: Mapping[str, NDArray[Any]]) -> bool:
        """Keeps a batch; False where the disk would not take it, which costs time later and nothing else."""
        path = self._path(stack, start)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda beside: _save(beside, arrays))
        except (OSError, EngineError):
            return False
        return True

    def tidy(self, spare: str = "") -> None:
        """Takes away what is over the limit, but never the stack `spare`."""
        stacks = []
        for entry in self._stacks():
            with contextlib.suppress(OSError):  # another process may tidy too
                stacks.append((entry.stat().st_mtime_ns, _size(entry), entry))
        held = sum(size for _, size, _ in stacks)
        for _, size, entry in sorted(stacks):
            if held <= self.limit:
                return
            if entry.name != spare:
                shutil.rmtree(entry, ignore_errors=True)
                held -= size

    def clear(self) -> int:
        """Takes everything away; returns the bytes that were held."""
        held = self.nbytes
        for entry in self._stacks():
            shutil.rmtree(entry, ignore_errors=True)
        return held

    @property
    def nbytes(self) -> int:
        return sum(map(_size, self._stacks()))

    @property
    def scans(self) -> int:
        """Stacks of slices: a scan asked along three planes, or by two bundles, counts once for each."""
        return len(self._stacks())

    def _stacks(self) -> list[Path]:
        return [entry for entry in self.folder.iterdir() if entry.is_dir()] if self.folder.is_dir() else []

    def _path(self, stack: str, start: int) -> Path:
        return self.folder / stack / f"{start:06d}.npz"


def _save(beside: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with beside.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _size(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):  # another process may take it away meanwhile
        for file in folder.iterdir():
            with contextlib.suppress(OSError):
                total += file.stat().st_size
    return total
