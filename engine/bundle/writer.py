"""Files + manifest → a bundle that appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.bundle.manifest import KNOWN_FILES, MANIFEST, REQUIRED_FILES, Manifest
from engine.bundle.storage import SUFFIX
from engine.config.yaml_io import dump_yaml
from engine.contract.control import CancelToken
from engine.contract.errors import DiskFull, InputError

Content = bytes | Path
"""A file's bytes, or where they lie."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same zip, byte for byte
_PIECE = 4 * 1024 * 1024


def write_bundle(
    manifest: Manifest,
    files: Mapping[str, Content],
    out: Path,
    *,
    overwrite: bool = False,
    cancel: CancelToken | None = None,
) -> Path:
    """Writes a zip where `out` ends in .vlseg, else a folder; returns `out`.

    `files` maps the names of KNOWN_FILES (without the manifest) to their contents; their sha256 go into the manifest.
    Never more than a few megabytes of a file that lies on the disk are in memory. Raises InputError where `out` exists
    and `overwrite` is off, or is something else than a bundle; DiskFull; Cancelled, with nothing written.
    """
    unknown = [name for name in files if name not in KNOWN_FILES or name == MANIFEST]
    missing = [name for name in REQUIRED_FILES if name not in files]
    if unknown or missing:
        raise ValueError(f"unknown {unknown}, missing {missing}")
    check_target(out, overwrite=overwrite)
    cancel = cancel or CancelToken()

    beside = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        everything = with_manifest(manifest, files, cancel)
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == SUFFIX:
            _write_zip(everything, beside, cancel)
            cancel.check()
            os.replace(beside, out)
        else:
            _write_folder(everything, beside, cancel)
            cancel.check()
            _replace_folder(beside, out)
    except OSError as error:
        raise not_written(out, error) from error
    finally:
        _remove(beside)
    return out


def not_written(out: Path, error: OSError) -> DiskFull | InputError:
    """The message for an operating system that refuses to write `out`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk is full: {out} was not written.", hint="Free some space, or choose another folder.")
    return InputError(
        f"{out} cannot be written: {error.strerror or error}.", hint="Choose a folder that you may write to."
    )


def with_manifest(
    manifest: Manifest, files: Mapping[str, Content], cancel: CancelToken | None = None
) -> dict[str, Content]:
    """`files` and the bundle.yaml that lists their sha256."""
    cancel = cancel or CancelToken()
    sums = {name: _sha256(content, cancel) for name, content in files.items()}
    listed = manifest.model_copy(update={"files": sums})
    text = dump_yaml(listed.model_dump(mode="json", exclude_none=True)).encode("utf-8")
    return {MANIFEST: text, **files}


def check_target(out: Path, *, overwrite: bool) -> None:
    """Raises InputError where a bundle may not be written to `out`."""
    if not out.exists():
        return
    is_folder_bundle = out.is_dir() and ((out / MANIFEST).is_file() or not any(out.iterdir()))
    is_zip = out.is_file() and out.suffix.lower() == SUFFIX
    if not (is_folder_bundle or is_zip):
        # Replacing it would delete files that are no bundle's.
        raise InputError(f"{out} exists and is not a bundle.", hint="Choose another name.")
    strangers = [inner.name for inner in out.iterdir() if inner.name not in KNOWN_FILES] if out.is_dir() else []
    if strangers:
        raise InputError(
            f"{out} also holds {strangers[0]!r}, which is no part of a bundle.",
            hint="Move it away, or choose another name.",
        )
    empty = out.is_dir() and not any(out.iterdir())
    if not overwrite and not empty:
        raise InputError(f"{out} already exists.", hint="Choose another name, or add --overwrite.")


def _pieces(content: Content, cancel: CancelToken) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            cancel.check()
            yield piece


def _sha256(content: Content, cancel: CancelToken) -> str:
    found = hashlib.sha256()
    for piece in _pieces(content, cancel):
        found.update(piece)
    return found.hexdigest()


def _write_folder(files: Mapping[str, Content], folder: Path, cancel: CancelToken) -> None:
    folder.mkdir()
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
            continue
        try:
            os.link(content, folder / name)  # no second copy of half a gigabyte
        except OSError:
            with (folder / name).open("wb") as file:
                file.writelines(_pieces(content, cancel))


def _write_zip(files: Mapping[str, Content], path: Path, cancel: CancelToken) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED if _shrinks(content) else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            if isinstance(content, bytes):
                archive.writestr(entry, content)
                continue
            entry.file_size = content.stat().st_size  # tells the archive whether it needs 64-bit sizes
            with archive.open(entry, "w") as packed:
                for piece in _pieces(content, cancel):
                    packed.write(piece)


def _shrinks(content: Content) -> bool:
    """Whether zipping is worth it: learned float32 weights lose a twelfth and take a quarter of a minute for it."""
    if isinstance(content, bytes):
        return True
    with content.open("rb") as file:
        file.seek(max(0, content.stat().st_size // 2 - _PIECE // 2))
        piece = file.read(_PIECE)
    return len(zlib.compress(piece, 1)) < 0.85 * len(piece)


def _replace_folder(beside: Path, out: Path) -> None:
    # A folder that is not empty cannot be replaced in one step: the old one steps aside first, and back on failure.
    if not out.exists():
        os.replace(beside, out)
        return
    aside = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.old")
    os.replace(out, aside)
    try:
        os.replace(beside, out)
    except OSError:
        os.replace(aside, out)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
