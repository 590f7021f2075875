"""Where a bundle's files lie: a folder, or the same zipped; only known names, no links, no surprises of size."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from engine.bundle.manifest import KNOWN_FILES, MANIFEST, TOKENIZER, WEIGHTS_BESIDE
from engine.contract.checked_zip import ZipKind, entries_of, read_entry
from engine.contract.errors import NotABundle

SUFFIX = ".vlseg"

_MEGABYTE = 1024 * 1024
_LARGEST_WEIGHTS = 8192 * _MEGABYTE
_LARGEST = {MANIFEST: 4 * _MEGABYTE, TOKENIZER: 64 * _MEGABYTE} | dict.fromkeys(
    WEIGHTS_BESIDE.values(), _LARGEST_WEIGHTS
)
_LARGEST_GRAPH = 2047 * _MEGABYTE  # a protocol buffer cannot be larger
_LARGEST_TOTAL = 2 * _LARGEST_WEIGHTS

AGAIN = "Export the bundle again, or copy it again from where it came."
_ZIPPED = ZipKind(
    "bundle", NotABundle, AGAIN, "A bundle is a folder with bundle.yaml in it, or that folder zipped as NAME.vlseg.",
    _LARGEST_TOTAL,
)  # fmt: skip


class Storage(Protocol):
    """Read access to a bundle's files by their plain names."""

    path: Path

    def names(self) -> list[str]: ...

    def read(self, name: str) -> bytes: ...


def open_storage(path: Path) -> Storage:
    """The folder or zip; raises NotABundle where it is neither, or holds anything that a bundle may not."""
    if path.is_dir():
        return FolderStorage(path)
    if path.is_file():
        return ZipStorage(path)
    raise NotABundle(f"{path} does not exist.", hint="Give the path of a bundle: a folder, or a file NAME.vlseg.")


def _check_size(where: Path, name: str, size: int) -> None:
    if size > _LARGEST.get(name, _LARGEST_GRAPH):
        raise NotABundle(f"{where}: {name} is larger than a bundle's may be ({size:,} bytes).", hint=AGAIN)


class FolderStorage:
    """A bundle in a folder; other files beside it are left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        return [name for name in KNOWN_FILES if (self.path / name).is_file()]

    def read(self, name: str) -> bytes:
        file = self.path / name
        # A link could make the bundle's reader open any file of the machine.
        if file.is_symlink() and file.resolve().parent != self.path.resolve():
            raise NotABundle(f"{self.path}: {name} is a link that leads out of the bundle.", hint=AGAIN)
        try:
            _check_size(self.path, name, file.stat().st_size)
            return file.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise NotABundle(f"{self.path}: {name} cannot be read: {reason}.", hint=AGAIN) from error


class MemoryStorage:
    """A bundle that is not written yet."""

    def __init__(self, path: Path, files: Mapping[str, bytes]) -> None:
        self.path = path
        self._files = dict(files)

    def names(self) -> list[str]:
        return list(self._files)

    def read(self, name: str) -> bytes:
        return self._files[name]


class ZipStorage:
    """A zipped bundle, read in place (`engine.contract.checked_zip`).

    The files may lie in one folder inside, as they do when a bundle's folder was zipped by hand.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries = self._without_folder(entries_of(path, _ZIPPED))

    def _without_folder(self, found: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        tops = [name for name in found if name == MANIFEST or (name.count("/") == 1 and name.endswith("/" + MANIFEST))]
        if not tops:
            raise NotABundle(
                f"{self.path} is a zip file, but no bundle: it holds no {MANIFEST}.",
                hint="Choose a file that `tunevlseg export` has written.",
            )
        prefix = "" if MANIFEST in tops else tops[0].removesuffix(MANIFEST)
        return {name: found[prefix + name] for name in KNOWN_FILES if prefix + name in found}

    def names(self) -> list[str]:
        return list(self._entries)

    def read(self, name: str) -> bytes:
        entry = self._entries[name]
        _check_size(self.path, name, entry.file_size)
        return read_entry(self.path, entry, name, _ZIPPED)
