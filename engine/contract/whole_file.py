"""Files that appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.contract.errors import DiskFull, InputError


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns an operating system's refusal to write `path` into a message; a full disk becomes DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk is full: {path} was not written.",
                hint="Free some space or choose another folder; nothing was lost.",
            ) from error
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Choose a folder that you may write to."
        ) from error


def write_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Calls `write` with a temporary path in the same folder, then renames it to `path`.

    Raises DiskFull or InputError; the old file stays as it was and no half-written one is left.
    """
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffix is kept at the end: writers choose the format by it.
        handle, name = tempfile.mkstemp(prefix=".writing-", suffix=path.name[-60:], dir=path.parent)
        os.close(handle)
        beside = Path(name)
        try:
            write(beside)
            beside.chmod(0o644)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    return path


def check_folder(folder: Path) -> None:
    """Raises DiskFull or InputError where no file can be made in `folder`, which need not exist yet; makes nothing."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), folder)
    with told(folder), tempfile.TemporaryFile(prefix=".writing-", dir=there):
        pass


def write_text(path: Path, text: str) -> Path:
    """UTF-8 text, whole or not at all."""
    return write_whole(path, lambda beside: _write_text(beside, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(path: Path, content: bytes) -> Path:
    """Bytes, whole or not at all."""
    return write_whole(path, lambda beside: _write_bytes(beside, content))


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
