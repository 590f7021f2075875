"""Base weights from elsewhere into the user's model folder: a checkpoint's folder, a file of one, or one zipped."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.contract.errors import DiskFull, InputError, WeightsMissing
from engine.contract.whole_file import told
from engine.models import MODELS
from engine.models.checkpoint_zip import ZIP, unpacked
from engine.models.weights import (
    CONVERTED,
    COPIED,
    TOKENIZER_FILES,
    WEIGHT_FILES,
    Weights,
    installed_folders,
    open_weights,
)
from engine.runs.folders import models_folder
from engine.text.tokenizer import PhraseTokenizer

FOREIGN = (".pth", ".pt", ".tar", ".safetensors")
"""Files that may be a checkpoint in another layout."""

_BLOCK = 4 * 1024 * 1024
Step = Callable[[int, int], None]
"""Hears how many bytes of how many are copied, every few megabytes; may raise Cancelled."""


def _unheard(done: int, total: int) -> None:
    del done, total


def import_weights(path: Path, name: str = "", tokenizer: Path | None = None, step: Step = _unheard) -> Weights:
    """Copies a checkpoint folder, the folder of a file, or a zipped folder into the user's model folder under `name`.

    Without a name it is called as the folder or file is. A file of another layout, such as the CRIS authors' `.pth`,
    is converted; where no tokenizer lies beside it, it is taken from the folder `tokenizer`. Raises WeightsMissing for
    what is no whole checkpoint (`field` is "tokenizer" where only that is missing), InputError for a name that is
    taken or no name, and DiskFull; what `step` raises is passed on, and nothing is left behind.
    """
    if path.is_file() and path.suffix.lower() == ZIP:
        wanted = (*WEIGHT_FILES, "config.json")
        with (
            _beside() as room,
            unpacked(path, room / path.stem, COPIED, FOREIGN, wanted, _with_room(step)) as source,
        ):
            try:
                return _import(source, name or _as_id(path.stem), tokenizer, None, named=bool(name))
            except WeightsMissing as error:  # the folder that it was unpacked to tells a person nothing
                said = error.message.replace(str(source), str(path))
                raise WeightsMissing(said, hint=error.hint, field=error.field) from error
    source = path.parent if path.is_file() else path
    foreign = _foreign(path)
    given = source.resolve().name if foreign is None else foreign.stem
    return _import(path, name or _as_id(given), tokenizer, _with_room(step), named=bool(name))


def _import(path: Path, name: str, tokenizer: Path | None, step: Step | None, *, named: bool) -> Weights:
    """`step`: None where the files may be moved in place of copied."""
    source = path.parent if path.is_file() else path
    foreign = _foreign(path)
    if foreign is None:
        open_weights(source, str(source))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise InputError(f"{name!r} cannot be an id.", hint="Use letters, digits, '.', '_' and '-': --name my-weights.")
    words = tokenizer or source
    if foreign is not None and not _has_tokenizer(words):
        raise WeightsMissing(
            f"{words} holds no tokenizer, and {foreign.name} brings none.",
            hint="Give the folder of CLIP's tokenizer (tokenizer.json, or vocab.json and merges.txt): "
            "--tokenizer FOLDER. That of any CLIPSeg checkpoint is the same.",
            field="tokenizer",
        )
    name = _free_name(name, None if foreign is not None else source, named=named)
    target = models_folder() / name
    with told(target), _beside() as beside:
        if foreign is not None and not any(network.convert(foreign, beside) for _, network in MODELS):
            raise WeightsMissing(
                f"{foreign} holds weights of a kind that is not known here.",
                hint=f"Known: {', '.join(MODELS.names())}.",
            )
        own = [file for file in COPIED if foreign is None or file not in CONVERTED]
        taken = [(words if file in TOKENIZER_FILES else source) / file for file in own]
        taken = [file for file in taken if file.is_file()]
        if step is not None:
            _copy(taken, beside, step)
        for file in taken if step is None else ():
            if file.parent == source:
                file.rename(beside / file.name)
            else:
                shutil.copyfile(file, beside / file.name)
        if foreign is not None:
            _check_tokenizer(beside, words)
        beside.rename(target)
    return open_weights(target, name)


@contextmanager
def _beside() -> Iterator[Path]:
    """A folder among the models that is none of them; gone afterwards, unless it was renamed."""
    with told(models_folder()):
        models_folder().mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".importing-", dir=models_folder()))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _copy(files: list[Path], folder: Path, step: Step) -> None:
    total, done = sum(file.stat().st_size for file in files), 0
    step(0, total)
    for file in files:
        with file.open("rb") as content, (folder / file.name).open("wb") as copy:
            while block := content.read(_BLOCK):
                copy.write(block)
                done += len(block)
                step(done, total)


def _with_room(step: Step) -> Step:
    """The same, which raises DiskFull at the first call where the disk has no room."""

    def heard(done: int, total: int) -> None:
        free = shutil.disk_usage(models_folder()).free if done == 0 else total
        if total > free:
            raise DiskFull(
                f"{total / 1e6:.0f} MB are to be copied; {free / 1e6:.0f} MB are free at {models_folder()}.",
                hint="Free some space, or move the program's folder (TUNEVLSEG_HOME).",
            )
        step(done, total)

    return heard


def _as_id(given: str) -> str:
    """A folder's or file's name as an id: "My weights (2)" → "My-weights-2"."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", given).strip("-._")[:80] or "weights"


def _free_name(name: str, source: Path | None, *, named: bool) -> str:
    """A name that no weights have. Raises InputError where the user's own is taken, or the same weights are there."""
    there = {folder.name: folder for folder in installed_folders()}
    if name not in there and not (models_folder() / name).exists():
        return name
    if named or name not in there:
        raise InputError(f"There are weights called {name!r} already.", hint="Give another --name.")
    if source is not None and _same(source, there[name]):
        raise InputError(f"These weights are installed already: they are called {name!r}.", hint="Choose them there.")
    number = 2
    while f"{name[:76]}-{number}" in there or (models_folder() / f"{name[:76]}-{number}").exists():
        number += 1
    return f"{name[:76]}-{number}"


def _same(source: Path, there: Path) -> bool:
    try:
        known = open_weights(there, there.name).sha256
    except WeightsMissing:  # broken: only its name is taken
        return False
    return open_weights(source, "").sha256 == known


def _foreign(path: Path) -> Path | None:
    """The checkpoint file to convert: `path`, or the only one in that folder; None where there is none to convert."""
    if path.is_file():
        if path.name in WEIGHT_FILES and (path.parent / "config.json").is_file():
            return None
        return path if path.suffix in FOREIGN else None
    if not path.is_dir() or (path / "config.json").is_file():
        return None
    found = sorted(file for file in path.iterdir() if file.suffix in FOREIGN)
    return found[0] if len(found) == 1 else None


def _check_tokenizer(folder: Path, came_from: Path) -> None:
    """Raises WeightsMissing where the converted weights in `folder` were trained with other tokens than these."""
    tokenizer = PhraseTokenizer.from_folder(folder)
    known = next(network.limits(folder).get("vocabulary") for _, network in MODELS if network.recognises(folder))
    if known is not None and tokenizer.vocabulary_size != known:
        raise WeightsMissing(
            f"The tokenizer in {came_from} has {tokenizer.vocabulary_size} tokens, the weights were trained with "
            f"{known}.",
            hint="Give the tokenizer that belongs to them: CLIP's has 49408 tokens.",
            field="tokenizer",
        )


def _has_tokenizer(folder: Path) -> bool:
    return (folder / "tokenizer.json").is_file() or all((folder / n).is_file() for n in ("vocab.json", "merges.txt"))
