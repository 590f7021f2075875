"""A zipped checkpoint folder: checked, then what a checkpoint needs is unpacked, each file under its plain name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from engine.contract.checked_zip import ZipKind, copy_entry, entries_of
from engine.contract.errors import WeightsMissing
from engine.contract.whole_file import told

ZIP: Final = ".zip"
_KIND: Final = ZipKind(
    "zipped checkpoint",
    WeightsMissing,
    "Get the file again from where it came, or zip the checkpoint's folder again.",
    "Give a zip of a folder with config.json, model.safetensors and the tokenizer's files.",
    64 * 1024**3,
)


@contextmanager
def unpacked(
    path: Path,
    folder: Path,
    names: tuple[str, ...],
    suffixes: tuple[str, ...],
    needed: tuple[str, ...],
    step: Callable[[int, int], None],
) -> Iterator[Path]:
    """`folder`, holding the checkpoint's files: those called as in `names` or ending as in `suffixes`.

    Folders within the zip are looked at too; the checkpoint lies where one of `needed` or of `suffixes` does. `step`
    hears how many bytes of how many are there. Raises WeightsMissing for a damaged zip, one with names that lead
    outside, links or files that would grow beyond reason, none or several checkpoints; DiskFull. The caller removes
    `folder`.
    """
    inside: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
    for name, entry in entries_of(path, _KIND).items():
        place = PurePosixPath(name.replace("\\", "/"))
        if "__MACOSX" not in place.parts and (place.name in names or place.suffix in suffixes):
            inside.setdefault(place.parent, {})[place.name] = entry
    found = [
        place
        for place, files in inside.items()
        if any(file in needed or PurePosixPath(file).suffix in suffixes for file in files)
    ]
    if len(found) != 1:
        wrong = f"several checkpoints ({', '.join(sorted(map(str, found)))})" if found else "no checkpoint"
        hint = "Unpack it and import the folder of one." if found else _KIND.otherwise
        raise WeightsMissing(f"{path} holds {wrong}.", hint=hint)
    files = inside[found[0]]
    total, before = sum(entry.file_size for entry in files.values()), 0
    step(0, total)
    with told(folder):
        folder.mkdir()
        for name, entry in files.items():
            copy_entry(path, entry, folder / name, _KIND, _after(step, before, total))
            before += entry.file_size
    yield folder


def _after(step: Callable[[int, int], None], before: int, total: int) -> Callable[[int], None]:
    return lambda done: step(before + done, total)
