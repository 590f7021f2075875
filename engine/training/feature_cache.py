"""Image features on disk, shared between runs: what a frozen image tower says of an image is said once.

`cache_folder()/features/KIND/NN/NAME`: KIND is a hash of the weights and of all else that decides the numbers, NAME one
of the image's pixels and of what was changed in them. An entry is a header and raw numbers, written whole; a damaged
one counts as missing and is written anew. Nothing in it names an image, a case or a folder. When the cache grows over
its limit, the entries that no run has read for the longest go; it may be deleted at any time. No torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import struct
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import EngineError
from engine.contract.whole_file import told, write_text
from engine.runs.folders import cache_folder

FORMAT = 1
"""Counted up whenever the same image and settings give other numbers, or an entry is laid out otherwise."""

_HEADER = struct.Struct("<8sIIQ")  # magic, CRC-32, zero, bytes
_MAGIC = b"TVLFEAT1"
_WRITING = ".writing-"
_SHAPE = "shape.json"
_ABANDONED_S = 3600.0
_LEFT_FREE = 2_000_000_000
"""Bytes of the disk that the cache leaves to others."""


def features_folder() -> Path:
    return cache_folder() / "features"


def kind_of(**facts: Any) -> str:
    """One hash for everything that decides the numbers beside the pixels."""
    text = json.dumps({"format": FORMAT, **facts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def name_of(image: NDArray[np.uint8], change: bytes = b"") -> str:
    """One hash for an image [S, S, 3] and what is changed in it (`Changes.digest`; empty: nothing)."""
    found = hashlib.blake2b(str(image.shape).encode() + change, digest_size=16)
    found.update(np.ascontiguousarray(image).data)
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """How much lies in the cache."""

    entries: int
    bytes: int


class FeatureCache:
    """Entries of one kind below `root`. Several processes may read, write and trim at the same time."""

    def __init__(self, kind: str, most_bytes: int, root: Path | None = None) -> None:
        self.root = root or features_folder()
        self.most_bytes = most_bytes
        self._folder = self.root / kind
        self._made: set[str] = set()
        self.refused = ""
        """Why nothing is written any more; empty while it is."""

    def room_for(self, count: int, size: int) -> bool:
        """Whether `count` entries of `size` bytes can lie here together, on this disk."""
        needed = count * (size + _HEADER.size)
        if not needed <= self.most_bytes:
            return False
        with contextlib.suppress(OSError):
            self.root.mkdir(parents=True, exist_ok=True)
            # What lies here already may be what is needed, or gives way.
            return shutil.disk_usage(self.root).free + usage(self.root).bytes - _LEFT_FREE >= needed
        return False

    def read(self, name: str, size: int, *, check: bool = True) -> NDArray[np.uint8] | None:
        """The bytes of an entry, mapped into memory; None where there is none that is whole. Counts as use."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                magic, crc, _, length = _HEADER.unpack(file.read(_HEADER.size))
                whole = magic == _MAGIC and length == size and os.fstat(file.fileno()).st_size == _HEADER.size + size
            if whole:
                found = np.memmap(path, np.uint8, "r", _HEADER.size, (size,))
                if not check or zlib.crc32(found.data) == crc:
                    if check:
                        os.utime(path)
                    return found
        except (OSError, ValueError, struct.error):
            return None
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def write(self, name: str, content: NDArray[np.uint8]) -> None:
        """Adds an entry, whole or not at all; after a failure (`refused`) no more are tried."""
        if self.refused:
            return
        path = self._path(name)
        try:
            with told(path):
                if path.parent.name not in self._made:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self._made.add(path.parent.name)
                handle, beside = tempfile.mkstemp(prefix=_WRITING, dir=path.parent)
                try:
                    with os.fdopen(handle, "wb") as file:
                        file.write(_HEADER.pack(_MAGIC, zlib.crc32(content.data), 0, content.nbytes))
                        file.write(content.data)
                    os.replace(beside, path)
                finally:
                    Path(beside).unlink(missing_ok=True)
        except EngineError as error:
            if not path.is_file():  # Windows replaces no file that another process has mapped; that one is the same
                self.refused = str(error)

    def shape(self) -> object:
        """How the numbers of an entry lie, as `write_shape` was told; None where nobody did."""
        try:
            return json.loads((self._folder / _SHAPE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def write_shape(self, shape: object) -> None:
        with contextlib.suppress(EngineError):
            write_text(self._folder / _SHAPE, json.dumps(shape))

    def trim(self) -> None:
        """Keeps the whole cache within its limit, and the disk from running full."""
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self.root).free
            trim(self.root, self.most_bytes, lacking=_LEFT_FREE - free)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name[2:]


def usage(root: Path | None = None) -> Usage:
    """How much the cache of all kinds holds."""
    sizes = [size for _, size, _ in _entries(root or features_folder())]
    return Usage(len(sizes), sum(sizes))


def clear(root: Path | None = None) -> Usage:
    """Empties the cache; what is mapped by a running process stays until that ends (Windows) or is computed again."""
    root = root or features_folder()
    before = usage(root)
    shutil.rmtree(root, ignore_errors=True)
    return before


def trim(root: Path, most_bytes: int, lacking: int = 0) -> None:
    """Removes what was used the longest ago until at most `most_bytes` are left and `lacking` bytes are freed."""
    found = sorted(_entries(root))
    excess = max(sum(size for _, size, _ in found) - most_bytes, lacking)
    for used, size, path in found:
        abandoned = path.name.startswith(_WRITING) and used < time.time() - _ABANDONED_S
        if excess <= 0 and not abandoned:
            continue
        with contextlib.suppress(OSError):
            path.unlink()
            excess -= size


def _entries(root: Path) -> list[tuple[float, int, Path]]:
    """(last use, bytes, path) of every file."""
    found = []
    for folder in root.glob("*/*"):
        with contextlib.suppress(OSError), os.scandir(folder) as files:
            for file in files:
                with contextlib.suppress(OSError):
                    about = file.stat()
                    found.append((about.st_mtime, about.st_size, Path(file.path)))
    return found
