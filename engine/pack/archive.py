"""A prompt pack as a file: written whole, and read with every check before anything of it is used."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

import engine
from engine.config.yaml_io import build, dump_yaml
from engine.contract.checked_zip import ZipKind, entries_of, read_entry
from engine.contract.errors import InputError, NotAPack, RecipeError, WrongVersion
from engine.contract.whole_file import write_whole
from engine.pack.manifest import FILES, FORMAT_VERSION, LEARNED, MANIFEST, RECIPE, SUFFIX, PackManifest

_MEGABYTE: Final = 1024 * 1024
_LARGEST: Final = {LEARNED: 4096 * _MEGABYTE}
_LARGEST_TEXT: Final = _MEGABYTE
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file, byte for byte

AGAIN: Final = "Get the pack again from where it came, or pack the run again."
_KIND: Final = ZipKind(
    "prompt pack", NotAPack, AGAIN, f"A prompt pack is a file NAME{SUFFIX} that `tunevlseg pack` has written.",
    sum(_LARGEST.values()) + len(FILES) * _LARGEST_TEXT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackContents:
    """A pack that passed every check but that of its base weights. `recipe` as in YAML; `learned` by name."""

    manifest: PackManifest
    recipe: dict[str, Any]
    weights: bytes
    learned: dict[str, NDArray[Any]]


def write_pack(manifest: PackManifest, files: Mapping[str, bytes], out: Path, *, overwrite: bool = False) -> Path:
    """Writes `out`, whole or not at all; `files`: all of FILES but the manifest, which receives their sha256.

    Raises InputError where `out` exists and `overwrite` is off, or does not end in .tvprompt; DiskFull.
    """
    check_out(out, overwrite=overwrite)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    told = manifest.model_copy(update={"files": sums, "producer": f"tunevlseg {engine.__version__}"})
    everything = {MANIFEST: dump_yaml(told.model_dump(mode="json")).encode("utf-8"), **files}

    def write(beside: Path) -> None:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in FILES:
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), everything[name], zipfile.ZIP_DEFLATED)

    return write_whole(out, write)


def check_out(out: Path, *, overwrite: bool) -> None:
    """Raises InputError where a pack may not be written to `out`."""
    if out.suffix.lower() != SUFFIX:
        raise InputError(f"{out.name} is no name for a prompt pack.", hint=f"Call it NAME{SUFFIX}.", field="out")
    if out.is_dir() or (out.exists() and not overwrite):
        raise InputError(f"{out} is there already.", hint="Choose another name, or add --overwrite.", field="out")


def read_pack(path: Path) -> PackContents:
    """The pack, checked: known files only, their sha256, sizes, version, numbers that are numbers.

    Raises NotAPack for what is none, damaged, or holds what a pack may not; WrongVersion for one of a newer program.
    """
    if not path.is_file():
        raise NotAPack(f"{path} does not exist.", hint=_KIND.otherwise)
    entries = entries_of(path, _KIND)
    strange = [name for name in entries if name not in FILES]
    missing = [name for name in FILES if name not in entries]
    if MANIFEST in missing:
        raise NotAPack(f"{path} is a zip file, but no prompt pack: it holds no {MANIFEST}.", hint=_KIND.otherwise)
    values = _mapping(path, MANIFEST, _read(path, entries, MANIFEST))
    _check_version(path, values)
    if strange or missing:
        wrong = f"holds {strange[0]!r}, which no pack has" if strange else f"lacks {missing[0]}"
        raise NotAPack(f"{path} {wrong}.", hint=AGAIN)
    try:
        manifest = build(PackManifest, values)
    except RecipeError as error:
        raise NotAPack(f"{path}: {MANIFEST} is not right: {error.message}", hint=AGAIN) from error
    files = {name: _read(path, entries, name) for name in FILES if name != MANIFEST}
    for name, data in files.items():
        if manifest.files.get(name) != hashlib.sha256(data).hexdigest():
            raise NotAPack(f"{path}: {name} is damaged: it is not the file that was packed.", hint=AGAIN)
    return PackContents(
        manifest, _mapping(path, RECIPE, files[RECIPE]), files[LEARNED], _numbers(path, files[LEARNED], manifest)
    )


def _read(path: Path, entries: Mapping[str, zipfile.ZipInfo], name: str) -> bytes:
    if entries[name].file_size > _LARGEST.get(name, _LARGEST_TEXT):
        raise NotAPack(f"{path}: {name} is larger than a pack's may be.", hint=AGAIN)
    return read_entry(path, entries[name], name, _KIND)


def _mapping(path: Path, name: str, data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
        # References within the text could make a short file endless; packs have none.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise NotAPack(f"{path}: {name} refers to itself; a pack's does not.", hint=AGAIN)
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotAPack(f"{path}: {name} cannot be read.", hint=AGAIN) from error
    if not isinstance(found, dict):
        raise NotAPack(f"{path}: {name} holds no settings.", hint=AGAIN)
    return found


def _check_version(path: Path, values: Mapping[str, Any]) -> None:
    version = values.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise NotAPack(f"{path}: {MANIFEST} does not say which version of the format it has.", hint=AGAIN)
    if version > FORMAT_VERSION:
        raise WrongVersion(
            f"{path} has format version {version}; this program reads up to {FORMAT_VERSION}.",
            hint=f"Update TuneVLSeg; the pack was written by {str(values.get('producer', 'a newer one'))[:60]}.",
        )


def _numbers(path: Path, data: bytes, manifest: PackManifest) -> dict[str, NDArray[Any]]:
    try:
        learned: dict[str, NDArray[Any]] = load(data)
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise NotAPack(f"{path}: {LEARNED} cannot be read ({str(error)[:80]}).", hint=AGAIN) from error
    wrong = [n for n, value in learned.items() if value.dtype.kind != "f" or not np.isfinite(value).all()]
    if wrong:
        raise NotAPack(f"{path}: {wrong[0]} holds values that are no numbers.", hint=AGAIN)
    count = sum(value.size for value in learned.values())
    if count != manifest.learned:
        raise NotAPack(f"{path} holds {count:,} learned numbers and says {manifest.learned:,}.", hint=AGAIN)
    return learned
