"""Base weights on this machine: the shipped ones, those that the user imported, or any folder; no torch."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import EngineError, InputError, WeightsMissing
from engine.contract.whole_file import told, write_text
from engine.models import MODELS
from engine.models.card import ModelCard, read_card
from engine.models.known import local_name
from engine.runs.folders import cache_folder, models_folder, resources
from engine.text.tokenizer import PhraseTokenizer

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt")
_CONVERTED = (*WEIGHT_FILES, "config.json", "preprocessor_config.json")
COPIED = (*_CONVERTED, *TOKENIZER_FILES, "README.md", "LICENSE")
"""What an import copies: known names only, so that no program rides along."""
FOREIGN = (".pth", ".pt", ".tar", ".safetensors")
"""Files that may be a checkpoint in another layout."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Base weights in a folder; `id` is what a recipe writes."""

    id: str
    path: Path
    model: str
    sha256: str
    card: ModelCard

    @property
    def licence(self) -> str:
        return self.card.licence

    @property
    def path_bytes(self) -> int:
        return _weight_file(self.path).stat().st_size

    @property
    def identity(self) -> str:
        """A hash of the weights and of the config.json that says how the network computes with them."""
        config = self.path / "config.json"
        return hashlib.sha256(self.sha256.encode() + (config.read_bytes() if config.is_file() else b"")).hexdigest()

    def limits(self) -> dict[str, int]:
        """Depths and sizes of the network, read without loading it."""
        return MODELS.get(self.model).limits(self.path)


def _installed() -> list[Path]:
    """Folders of installed weights; shipped ones first, a user's of the same name after them."""
    found = []
    for root in (resources() / "models", models_folder()):
        if root.is_dir():
            # A name with a dot in front is being written, by an import or a download.
            found += sorted(path for path in root.iterdir() if path.name[0] != "." and _has_weights(path))
    return found


def _has_weights(folder: Path) -> bool:
    return folder.is_dir() and any((folder / name).is_file() for name in WEIGHT_FILES)


def is_installed(reference: str) -> bool:
    """Whether this is the id of installed weights, their own or that on the hub."""
    name = local_name(reference)
    return any(folder.name == name for folder in _installed())


def list_weights() -> list[Weights]:
    """Every installed set of weights that is whole; broken ones are left out."""
    found = []
    for folder in _installed():
        try:
            found.append(_open(folder, folder.name))
        except EngineError:
            continue
    return sorted(found, key=lambda weights: weights.id != "starter")


def find_weights(reference: str, *, sha256: str | None = None) -> Weights:
    """Weights by installed id (or the hub's id of what was fetched), folder, or a file in one.

    Raises WeightsMissing where there are none, where the folder is not whole, or where `sha256` is another one.
    """
    path = Path(reference).expanduser()
    name = local_name(reference)
    named = [folder for folder in _installed() if folder.name == name]
    if named:
        weights = _open(named[0], name)
    elif path.is_file():
        weights = _open(path.parent, str(path.parent))
    elif path.is_dir():
        weights = _open(path, str(path))
    else:
        known = ", ".join(folder.name for folder in _installed()) or "none"
        raise WeightsMissing(
            f"model.weights: {reference!r} is neither installed nor a folder.",
            hint=f"Installed: {known}. Import others on the Models page or with `tunevlseg models import FOLDER`"
            + (f", or fetch it: `tunevlseg models fetch {reference}`." if name != reference else "."),
            field="model.weights",
        )
    if sha256 and weights.sha256 != sha256:
        raise WeightsMissing(
            f"model.weights: {reference} is not the file this was made with (sha256 {weights.sha256[:12]}…, "
            f"not {sha256[:12]}…).",
            hint="Import the weights that it was made with.",
            field="model.weights",
        )
    return weights


def _open(folder: Path, name: str) -> Weights:
    file = _weight_file(folder)
    for model, network in MODELS:
        if network.recognises(folder):
            return Weights(name, folder, model, file_hash(file), read_card(folder))
    raise WeightsMissing(
        f"{folder} holds weights of a kind that is not known here.",
        hint=f"Known: {', '.join(MODELS.names())}. The folder needs the config.json that belongs to the weights.",
    )


def _weight_file(folder: Path) -> Path:
    for name in WEIGHT_FILES:
        if (folder / name).is_file():
            return folder / name
    raise WeightsMissing(
        f"{folder} holds no weights.",
        hint=f"It needs {' or '.join(WEIGHT_FILES)}, config.json and the tokenizer's files.",
    )


def import_weights(path: Path, name: str = "", tokenizer: Path | None = None) -> Weights:
    """Copies a checkpoint folder (or the folder of a file) into the user's model folder under `name`.

    A file of another layout, such as the CRIS authors' `.pth`, is converted; where no tokenizer lies beside it, it is
    taken from the folder `tokenizer`. Raises WeightsMissing for what is no whole checkpoint, InputError for a name that
    is taken or no name.
    """
    source = path.parent if path.is_file() else path
    foreign = _foreign(path)
    if foreign is None:
        _open(source, str(source))
    chosen = name or (source.resolve().name if foreign is None else foreign.stem)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", chosen):
        raise InputError(
            f"{chosen!r} cannot be an id.", hint="Use letters, digits, '.', '_' and '-': --name my-weights."
        )
    target = models_folder() / chosen
    if target.exists() or any(folder.name == chosen for folder in _installed()):
        raise InputError(f"There are weights called {chosen!r} already.", hint="Give another --name.")
    words = tokenizer or source
    if foreign is not None and not _has_tokenizer(words):
        raise WeightsMissing(
            f"{words} holds no tokenizer, and {foreign.name} brings none.",
            hint="Give the folder of CLIP's tokenizer (tokenizer.json, or vocab.json and merges.txt): "
            "--tokenizer FOLDER. That of any CLIPSeg checkpoint is the same.",
        )
    with told(target):
        models_folder().mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".importing-", dir=models_folder()))
        try:
            if foreign is not None and not any(network.convert(foreign, beside) for _, network in MODELS):
                raise WeightsMissing(
                    f"{foreign} holds weights of a kind that is not known here.",
                    hint=f"Known: {', '.join(MODELS.names())}.",
                )
            for file in COPIED:
                kept = words if file in TOKENIZER_FILES else source
                if (foreign is None or file not in _CONVERTED) and (kept / file).is_file():
                    shutil.copyfile(kept / file, beside / file)
            if foreign is not None:
                _check_tokenizer(beside, words)
            beside.rename(target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return _open(target, chosen)


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
        )


def _has_tokenizer(folder: Path) -> bool:
    return (folder / "tokenizer.json").is_file() or all((folder / n).is_file() for n in ("vocab.json", "merges.txt"))


def file_hash(path: Path) -> str:
    """sha256 of a file; kept in the cache folder by size and time, since large files take seconds."""
    stat = path.stat()
    key = hashlib.sha256(f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}".encode()).hexdigest()[:24]
    kept = cache_folder() / "hashes" / f"{key}.json"
    try:
        return str(json.loads(kept.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with path.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    try:
        write_text(kept, json.dumps({"sha256": found}))
    except EngineError:
        return found  # a cache that cannot be written costs time, nothing else
    return found
