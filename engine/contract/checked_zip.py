"""Zip files from elsewhere, read in place: nothing is unpacked, so nothing can land outside, and nothing grows."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import EngineError

_MEGABYTE = 1024 * 1024
_BOMB_SIZE, _BOMB_RATIO = 32 * _MEGABYTE, 200
"""Weights hardly shrink when zipped: something this large that shrank this much holds nothing."""


@dataclass(frozen=True, slots=True)
class ZipKind:
    """What a zip file is meant to be: its `name` in messages, the error that refuses it, what to do then, its limit."""

    name: str  # "bundle"
    refusal: type[EngineError]
    again: str  # what to do where the file is damaged or holds what it may not
    otherwise: str  # what to do where it is no zip file at all
    largest: int  # bytes of all files together


def entries_of(path: Path, kind: ZipKind) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by their names; folders are passed over.

    Raises the kind's refusal for what is no zip or damaged, for names that lead outside, links, doubles, encryption,
    files that would grow beyond reason, and for more bytes than the kind may have.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise kind.refusal(
            f"{path} is not a {kind.name}, or is damaged ({_reason(error)}).", hint=kind.otherwise
        ) from error
    found: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for entry in entries:
        name = entry.filename
        _check_name(path, entry, kind)
        if entry.is_dir():
            continue
        if name in found:
            raise kind.refusal(f"{path} holds {name!r} twice.", hint=kind.again)
        if entry.file_size > _BOMB_SIZE and entry.file_size > _BOMB_RATIO * entry.compress_size:
            raise kind.refusal(
                f"{path}: {name!r} would grow from {entry.compress_size:,} to {entry.file_size:,} bytes; no "
                f"{kind.name}'s file does.",
                hint=kind.again,
            )
        total += entry.file_size
        found[name] = entry
    if total > kind.largest:
        raise kind.refusal(f"{path} is larger than a {kind.name} may be ({total:,} bytes).", hint=kind.again)
    return found


def _check_name(path: Path, entry: zipfile.ZipInfo, kind: ZipKind) -> None:
    name = entry.filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise kind.refusal(f"{path} holds a file that would lie outside it ({name!r}).", hint=kind.again)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise kind.refusal(f"{path} holds a link ({name!r}); a {kind.name} has none.", hint=kind.again)
    if entry.flag_bits & 0x1:
        raise kind.refusal(f"{path} is encrypted.", hint="Unpack it with its password, then open what was in it.")


def read_entry(path: Path, entry: zipfile.ZipInfo, name: str, kind: ZipKind) -> bytes:
    """One file's bytes, `name` in messages; raises the kind's refusal where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            # A header may lie about the size: never read more than it says.
            data = file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise kind.refusal(f"{path}: {name} is damaged ({_reason(error)}).", hint=kind.again) from error
    if len(data) != entry.file_size:
        raise kind.refusal(f"{path}: {name} is damaged (its size is wrong).", hint=kind.again)
    return data


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def copy_entry(path: Path, entry: zipfile.ZipInfo, target: Path, kind: ZipKind, step: Callable[[int], None]) -> None:
    """One file's bytes into the file `target`, a few megabytes at a time; `step` hears how many are there.

    Raises the kind's refusal where it is damaged, and OSError where `target` cannot be written.
    """
    done = 0
    with target.open("wb") as copy:
        for block in _blocks(path, entry, kind):
            copy.write(block)
            done += len(block)
            if done > entry.file_size:
                break
            step(done)
    if done != entry.file_size:
        raise kind.refusal(f"{path}: {entry.filename} is damaged (its size is wrong).", hint=kind.again)


def _blocks(path: Path, entry: zipfile.ZipInfo, kind: ZipKind) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            while block := file.read(4 * _MEGABYTE):
                yield block
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise kind.refusal(f"{path}: {entry.filename} is damaged ({_reason(error)}).", hint=kind.again) from error
