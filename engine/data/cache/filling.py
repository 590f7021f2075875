"""Rows that the cache has, and places for those that it lacks."""

from __future__ import annotations

import contextlib
import os
import shutil
import weakref
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.contract.errors import DiskFull, EngineError
from engine.contract.whole_file import told
from engine.data.cache.owner import own_name
from engine.data.cache.pack import SUFFIX, DamagedPack, FilePack, MemoryPack, PackWriter, RowFacts, removed
from engine.data.cache.room import LIMIT, ONCE, Room, UseMark
from engine.data.cache.rows import Place

MOST_PACK = 512_000_000
"""Bytes of a pack: large, since each takes a file handle while it is used; not so large that one addition is."""

_MEMORY_SHARE = 0.5  # of what is available, where no file can be written
_FEWER = "use fewer slices (data.each_nth, data.empty_slices, data.max_cases)"

RowKey = tuple[str, int]
"""A case's content and a slice of it."""
Warn = Callable[[str], None]


class Filling:
    """The rows of one dataset: `places` of those found, then of those added. `about` is noted in new packs.

    Files that may not outlive the dataset are removed by `close`, which also lets go of the others.
    """

    def __init__(self, folder: Path, settings: str, stride: int, about: Mapping[str, Any], warn: Warn) -> None:
        self.places: dict[RowKey, Place] = {}
        self._folder = folder
        self._shelf = folder / settings
        self._stride = stride
        self._about = about
        self._warn = warn
        self._room = Room(folder)
        self._mark = UseMark(folder)
        self._once: Path | None = None
        self._writer: PackWriter | None = None
        self._memory: MemoryPack | None = None

    def find(self, wanted: Collection[RowKey], *, with_regions: bool) -> None:
        """Fills `places` with the rows that are there; files that are no whole packs are removed."""
        asked = set(wanted)
        for path in sorted(self._shelf.glob(f"*{SUFFIX}")) if asked else ():
            try:
                pack = FilePack(path)
            except OSError:
                continue  # removed meanwhile, or not ours to read
            except (DamagedPack, ValueError, KeyError, TypeError):
                removed(path)
                continue
            if pack.stride != self._stride:
                continue
            used = False
            for number, facts in enumerate(pack.facts):
                key = facts.content, facts.slice_index
                if key in asked and key not in self.places and (facts.regions is not None or not with_regions):
                    self.places[key] = pack, number
                    used = True
            if used:
                with contextlib.suppress(OSError):
                    os.utime(path)  # the least recently used goes first
        self._tell_use()

    def prepare(self, count: int, most_in_memory: int | None = None) -> None:
        """Chooses where `count` further rows go: the cache; a file for this dataset alone where it may not grow so
        much; memory where no file can be written. Told where it is not the cache.

        `most_in_memory`: bytes; None: half of what is available. Raises DiskFull, InputError.
        """
        need = count * (self._stride + 256)
        if not count:
            return
        most = int(psutil.virtual_memory().available * _MEMORY_SHARE) if most_in_memory is None else most_in_memory
        try:
            with told(self._folder):
                self._shelf.mkdir(parents=True, exist_ok=True)
                probe = self._shelf / f".writing-{own_name()}"
                probe.touch()
                probe.unlink()
            if self._room.make(need, self._mapped()):
                self._writer = PackWriter(self._shelf, self._stride, self._about, MOST_PACK)
                return
            free = shutil.disk_usage(self._folder).free
        except DiskFull:
            free = 0
        except EngineError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            if need > most:
                raise
            self._warn(f"{error.message} The decoded slices stay in memory and are made again by the next run.")
            self._memory = MemoryPack()
            return
        if free >= need:
            limit = self._room.limit()
            if limit:
                self._warn(
                    f"The decoded slices need {need / 1e9:.1f} GB, more than the cache may take "
                    f"({limit / 1e9:.1f} GB): they are made again by the next run. Set {LIMIT} to keep them."
                )
            self._once = self._folder / f"{ONCE}{own_name()}"
            self._writer = PackWriter(self._once, self._stride, self._about, MOST_PACK)
        elif need <= most:
            self._warn("The disk of the cache is full: the decoded slices stay in memory and are made again next time.")
            self._memory = MemoryPack()
        else:
            raise DiskFull(
                f"The decoded slices need {need / 1e9:.1f} GB in {self._folder}, which has {free / 1e9:.1f} GB left.",
                hint=f"Free some space (tunevlseg data cache --clear), or {_FEWER}.",
            )

    def add(self, row: NDArray[np.uint8], facts: RowFacts) -> None:
        """Raises DiskFull or InputError where the row cannot be written."""
        if self._memory is not None:
            self.places[facts.content, facts.slice_index] = self._memory, len(self._memory.facts)
            self._memory.add(row, facts)
        elif self._writer is not None:
            self._writer.add(row, facts)

    def finish(self) -> None:
        """Rows that were added can be read now, and found by other processes. Raises DiskFull or InputError."""
        if self._writer is None:
            return
        self._writer.finish()
        for pack in self._writer.packs:
            for number, facts in enumerate(pack.facts):
                self.places[facts.content, facts.slice_index] = pack, number
        self._tell_use()

    def give_up(self) -> None:
        """After a cancel or an error: what is made so far is kept for the next try, where that is possible."""
        if self._writer is not None and self._once is None:
            with contextlib.suppress(EngineError, OSError):
                self._writer.finish()
        self.close()

    def keep_with(self, owner: object) -> None:
        """`close` when `owner` is gone, or at the end of the program."""
        weakref.finalize(owner, _let_go, self._mark, self._once)

    def close(self) -> None:
        _let_go(self._mark, self._once)

    def _mapped(self) -> set[Path]:
        return {pack.path for pack, _ in self.places.values() if pack.path is not None}

    def _tell_use(self) -> None:
        kept = {path for path in self._mapped() if path.parent == self._shelf}
        if kept:
            with contextlib.suppress(EngineError):  # a mark that cannot be set costs the next run a decoding
                self._mark.set(kept)


def _let_go(mark: UseMark, once: Path | None) -> None:
    mark.remove()
    if once is not None:
        shutil.rmtree(once, ignore_errors=True)
