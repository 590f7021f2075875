"""A folder beside the bundle to be, where it is put together; gone afterwards, whatever happens."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.bundle.writer import not_written


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """On the same disk as `out`, so that what is finished only needs to be renamed. Raises DiskFull, InputError."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name[:60]}.", suffix=".part", dir=out.parent))
    except OSError as error:
        raise not_written(out, error) from error
    try:
        yield folder
    except OSError as error:
        raise not_written(out, error) from error
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    # Work that a cancel left behind may still be writing: under another name it finds its place no more, and ends.
    gone = folder.with_suffix(".gone")
    with suppress(OSError):
        os.replace(folder, gone)
    for path in (folder, gone):
        shutil.rmtree(path, ignore_errors=True)
