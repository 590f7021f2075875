"""A pack: many rows of one length in one file, which is complete or not there.

    rows    n × stride bytes
    index   JSON: stride, what the rows are of, and for each row its case, slice, checksum, shape
    footer  8 bytes of magic, the index' length (uint64, little-endian), the index' sha256

The index comes last, so that rows stream to the disk while they are made; the file is renamed into place after it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.contract.whole_file import told
from engine.data.cache.owner import own_name
from engine.data.mask_phrases import Region

MAGIC = b"TVLPACK1"
_FOOTER = struct.Struct("<8sQ32s")
WRITING = ".writing-"
SUFFIX = ".pack"
_MOST_INDEX = 1 << 30


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What the index says of a row: its case's content, its slice, that slice's own (rows, columns).

    `areas`: marked pixels of each label, at model size. `regions`: of each label's mask at its own size, where a
    prompt needed them; None where nothing asked.
    """

    content: str
    slice_index: int
    shape: tuple[int, int]
    areas: tuple[int, ...]
    regions: tuple[tuple[Region, ...], ...] | None = None


class Pack(Protocol):
    """Rows that can be read. `facts` and `checks` (CRC-32 each) are in the order of the rows."""

    @property
    def path(self) -> Path | None: ...

    @property
    def facts(self) -> Sequence[RowFacts]: ...

    @property
    def checks(self) -> Sequence[int]: ...

    def row(self, number: int) -> NDArray[np.uint8]:
        """Bytes [stride], a view."""
        ...

    def will_need(self, number: int) -> None:
        """Tells the system that the row will be read soon."""
        ...


class MemoryPack:
    """Rows in memory, where no file can be written; nobody but this process can change them."""

    path: Path | None = None

    def __init__(self) -> None:
        self.facts: list[RowFacts] = []
        self.checks: list[int] = []
        self._rows: list[NDArray[np.uint8]] = []

    def add(self, row: NDArray[np.uint8], facts: RowFacts) -> None:
        self._rows.append(row)
        self.facts.append(facts)
        self.checks.append(zlib.crc32(row.data))

    def row(self, number: int) -> NDArray[np.uint8]:
        return self._rows[number]

    def will_need(self, number: int) -> None:
        return


class DamagedPack(Exception):
    """A file that is no whole pack."""


class FilePack:
    """A file's rows, mapped into memory and read-only. Raises DamagedPack, or OSError where it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            index, length = _index_of(file)
            self.about: Mapping[str, Any] = index
            self.stride = int(index["stride"])
            self.bytes = length
            self.facts: list[RowFacts] = [_facts(row) for row in index["rows"]]
            self.checks: list[int] = [int(row[2]) for row in index["rows"]]
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._map) != length:
            raise DamagedPack("it changed while it was opened")
        used = len(self.facts) * self.stride
        self._rows = np.frombuffer(self._map, np.uint8, used).reshape(len(self.facts), self.stride)

    def row(self, number: int) -> NDArray[np.uint8]:
        found: NDArray[np.uint8] = self._rows[number]
        return found

    def will_need(self, number: int) -> None:
        if hasattr(self._map, "madvise"):
            start = number * self.stride // mmap.PAGESIZE * mmap.PAGESIZE
            with contextlib.suppress(OSError):
                self._map.madvise(mmap.MADV_WILLNEED, start, (number + 1) * self.stride - start)


def read_about(path: Path) -> Mapping[str, Any]:
    """The index of a pack: `stride`, `rows` and what its writer said. Raises DamagedPack or OSError."""
    with path.open("rb") as file:
        return _index_of(file)[0]


def _index_of(file: Any) -> tuple[Mapping[str, Any], int]:
    """The index, and the length that the whole file has."""
    length = file.seek(0, os.SEEK_END)
    if length < _FOOTER.size:
        raise DamagedPack("it is too short")
    file.seek(length - _FOOTER.size)
    magic, size, check = _FOOTER.unpack(file.read(_FOOTER.size))
    if magic != MAGIC or size > min(_MOST_INDEX, length - _FOOTER.size):
        raise DamagedPack("its end is missing")
    file.seek(length - _FOOTER.size - size)
    text = file.read(size)
    if hashlib.sha256(text).digest() != check:
        raise DamagedPack("its index is damaged")
    index: Mapping[str, Any] = json.loads(text)
    if len(index["rows"]) * index["stride"] + size + _FOOTER.size != length:
        raise DamagedPack("rows are missing")
    return index, length


def _facts(row: list[Any]) -> RowFacts:
    content, slice_index, _, height, width, areas, regions = row
    found = None
    if regions is not None:
        found = tuple(tuple(Region(share, (down, across)) for share, down, across in label) for label in regions)
    return RowFacts(content, slice_index, (height, width), tuple(areas), found)


class PackWriter:
    """Writes packs of at most `most_bytes` into `folder`, named after what is in them; `packs` are those finished."""

    def __init__(self, folder: Path, stride: int, about: Mapping[str, Any], most_bytes: int) -> None:
        self.packs: list[FilePack] = []
        self._folder = folder
        self._stride = stride
        self._about = dict(about)
        self._most = max(1, most_bytes // stride)
        self._rows: list[list[Any]] = []
        self._file: Any = None
        self._beside = folder

    def add(self, row: NDArray[np.uint8], facts: RowFacts) -> None:
        """Raises DiskFull or InputError where the row cannot be written."""
        with told(self._folder):
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._beside = self._folder / f"{WRITING}{own_name()}"
                self._file = self._beside.open("xb", buffering=1 << 20)
            self._file.write(row)
        regions = None
        if facts.regions is not None:
            regions = [[[region.share, *region.centre] for region in label] for label in facts.regions]
        self._rows.append([facts.content, facts.slice_index, zlib.crc32(row.data), *facts.shape, facts.areas, regions])
        if len(self._rows) >= self._most:
            self.finish()

    def finish(self) -> None:
        """What was added becomes a pack. Raises as `add` does."""
        if self._file is None:
            return
        text = json.dumps({**self._about, "stride": self._stride, "rows": self._rows}, separators=(",", ":")).encode()
        check = hashlib.sha256(text)
        path = self._folder / f"{check.hexdigest()[:32]}{SUFFIX}"
        try:
            with told(self._folder):
                self._file.write(text + _FOOTER.pack(MAGIC, len(text), check.digest()))
                self._file.close()
                _into_place(self._beside, path)
                self.packs.append(FilePack(path))
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Forgets rows that are in no pack yet."""
        file, self._file, self._rows = self._file, None, []
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
            self._beside.unlink(missing_ok=True)


def _into_place(beside: Path, path: Path) -> None:
    try:
        os.replace(beside, path)
    except PermissionError:
        # Windows replaces no file that another process has mapped: that one made the same pack.
        if not path.is_file():
            raise


def removed(path: Path) -> bool:
    """Whether the file is gone now; Windows keeps one that some process has mapped."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
