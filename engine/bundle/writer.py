"""Files + manifest → a bundle that appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path

from engine.bundle.manifest import KNOWN_FILES, MANIFEST, REQUIRED_FILES, Manifest
from engine.bundle.storage import SUFFIX
from engine.config.yaml_io import dump_yaml
from engine.contract.errors import DiskFull, InputError

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same zip, byte for byte


def write_bundle(manifest: Manifest, files: Mapping[str, bytes], out: Path, *, overwrite: bool = False) -> Path:
    """Writes a zip where `out` ends in .vlseg, else a folder; returns `out`.

    `files` maps the names of KNOWN_FILES (without the manifest) to their bytes; their sha256 go into the manifest.
    Raises InputError where `out` exists and `overwrite` is off, or is something else than a bundle; DiskFull.
    """
    unknown = [name for name in files if name not in KNOWN_FILES or name == MANIFEST]
    missing = [name for name in REQUIRED_FILES if name not in files]
    if unknown or missing:
        raise ValueError(f"unknown {unknown}, missing {missing}")
    check_target(out, overwrite=overwrite)
    everything = with_manifest(manifest, files)

    beside = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == SUFFIX:
            _write_zip(everything, beside)
            os.replace(beside, out)
        else:
            _write_folder(everything, beside)
            _replace_folder(beside, out)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk is full: {out} was not written.", hint="Free some space, or choose another folder."
            ) from error
        raise InputError(
            f"{out} cannot be written: {error.strerror or error}.", hint="Choose a folder that you may write to."
        ) from error
    finally:
        _remove(beside)
    return out


def with_manifest(manifest: Manifest, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """`files` and the bundle.yaml that lists their sha256."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
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


def _write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _write_zip(files: Mapping[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


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
