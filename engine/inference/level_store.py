"""Where the answers of a scan lie while they are made: in memory, or memory-mapped where they would be large."""

from __future__ import annotations

import math
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.contract.errors import DiskFull

MOST_IN_MEMORY = 300_000_000
"""Bytes of answers and sums above which they are kept in files: four phrases on a scan of 512 × 512 × 280 fit."""


class LevelStore:
    """Arrays on the grid of one scan.

    `files`: one .npy a phrase that holds its levels, readable by others while it fills; None: nobody reads along.
    Where files are not asked for, arrays of more than `most_in_memory` bytes in all go to a temporary folder, which
    goes with the store's arrays.
    """

    def __init__(self, files: Sequence[Path] | None = None, most_in_memory: int = MOST_IN_MEMORY) -> None:
        self.files = None if files is None else tuple(files)
        self._most = most_in_memory
        self._used = 0
        self._scratched = 0
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def levels(self, number: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Zeros uint8 for the answer to phrase `number`; raises DiskFull."""
        if self.files is None:
            return self.zeros(shape, np.uint8)
        path = self.files[number]
        path.parent.mkdir(parents=True, exist_ok=True)
        return self._mapped(path, shape, np.uint8)

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Zeros that go with the store; raises DiskFull."""
        needed = math.prod(shape) * np.dtype(dtype).itemsize
        if self._used + needed <= self._most:
            self._used += needed
            return np.zeros(shape, dtype)
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="tunevlseg-answers-")
        self._scratched += 1
        made = self._mapped(Path(self._scratch.name) / f"{self._scratched}.npy", shape, dtype)
        # The folder must outlive the store for as long as somebody holds the array.
        weakref.finalize(made, _keep, self._scratch)
        return made

    def drop(self) -> None:
        """Takes files away that hold half an answer."""
        for path in self.files or ():
            path.unlink(missing_ok=True)

    def _mapped(self, path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        needed = math.prod(shape) * np.dtype(dtype).itemsize
        free = shutil.disk_usage(path.parent).free
        if free < needed:
            # A memory-mapped file on a full disk ends the process without a message, so it is told beforehand.
            raise DiskFull(
                f"The answers need {needed / 1e9:.1f} GB in {path.parent}, which has {free / 1e9:.1f} GB left.",
                hint="Free some space, or ask for fewer phrases at once.",
            )
        return np.lib.format.open_memmap(path, mode="w+", dtype=np.dtype(dtype), shape=shape)


def _keep(_scratch: object) -> None:
    """Called when the array goes; until then the finaliser holds the folder."""
