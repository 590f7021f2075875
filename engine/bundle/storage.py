"""Where a bundle's files lie: a folder, or the same zipped; only known names, no links, no surprises of size."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from engine.bundle.manifest import KNOWN_FILES, MANIFEST, TOKENIZER, WEIGHTS_BESIDE
from engine.contract.errors import NotABundle

SUFFIX = ".vlseg"

_MEGABYTE = 1024 * 1024
_LARGEST_WEIGHTS = 8192 * _MEGABYTE
_LARGEST = {MANIFEST: 4 * _MEGABYTE, TOKENIZER: 64 * _MEGABYTE} | dict.fromkeys(
    WEIGHTS_BESIDE.values(), _LARGEST_WEIGHTS
)
_LARGEST_GRAPH = 2047 * _MEGABYTE  # a protocol buffer cannot be larger
_LARGEST_TOTAL = 2 * _LARGEST_WEIGHTS
_BOMB_SIZE, _BOMB_RATIO = 32 * _MEGABYTE, 200
"""Weights hardly shrink when zipped: something this large that shrank this much holds nothing."""

AGAIN = "Export the bundle again, or copy it again from where it came."


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
    """A zipped bundle, read in place: nothing is unpacked, so nothing can land outside.

    The files may lie in one folder inside, as they do when a bundle's folder was zipped by hand.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise NotABundle(
                f"{path} is not a bundle, or is damaged ({_reason(error)}).",
                hint="A bundle is a folder with bundle.yaml in it, or that folder zipped as NAME.vlseg.",
            ) from error
        self._entries = self._checked(entries)

    def _checked(self, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        total = 0
        for entry in entries:
            name = entry.filename
            parts = name.replace("\\", "/").split("/")
            if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
                raise NotABundle(f"{self.path} holds a file that would lie outside it ({name!r}).", hint=AGAIN)
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise NotABundle(f"{self.path} holds a link ({name!r}); bundles have none.", hint=AGAIN)
            if entry.flag_bits & 0x1:
                raise NotABundle(
                    f"{self.path} is encrypted.", hint="Unpack it with its password, then open the folder."
                )
            if entry.is_dir():
                continue
            if name in found:
                raise NotABundle(f"{self.path} holds {name!r} twice.", hint=AGAIN)
            if entry.file_size > _BOMB_SIZE and entry.file_size > _BOMB_RATIO * entry.compress_size:
                raise NotABundle(
                    f"{self.path}: {name!r} would grow from {entry.compress_size:,} to {entry.file_size:,} bytes; no "
                    "bundle's file does.",
                    hint=AGAIN,
                )
            total += entry.file_size
            found[name] = entry
        if total > _LARGEST_TOTAL:
            raise NotABundle(f"{self.path} is larger than a bundle may be ({total:,} bytes).", hint=AGAIN)
        return self._without_folder(found)

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
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(entry) as file:
                # A header may lie about the size: never read more than it says.
                data = file.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
            raise NotABundle(f"{self.path}: {name} is damaged ({_reason(error)}).", hint=AGAIN) from error
        if len(data) != entry.file_size:
            raise NotABundle(f"{self.path}: {name} is damaged (its size is wrong).", hint=AGAIN)
        return data


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
