"""Base weights on this machine: the shipped ones, those that the user imported, or any folder; no torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import EngineError, WeightsMissing
from engine.contract.whole_file import write_text
from engine.models import MODELS
from engine.models.card import ModelCard, read_card
from engine.models.known import local_name
from engine.runs.folders import cache_folder, models_folder, resources

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt")
CONVERTED = (*WEIGHT_FILES, "config.json", "preprocessor_config.json")
COPIED = (*CONVERTED, *TOKENIZER_FILES, "README.md", "LICENSE")
"""What an import or a download takes: known names only, so that no program rides along."""


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


def installed_folders() -> list[Path]:
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
    return any(folder.name == name for folder in installed_folders())


def list_weights() -> list[Weights]:
    """Every installed set of weights that is whole; broken ones are left out."""
    found = []
    for folder in installed_folders():
        try:
            found.append(open_weights(folder, folder.name))
        except EngineError:
            continue
    return sorted(found, key=lambda weights: weights.id != "starter")


def find_weights(reference: str, *, sha256: str | None = None) -> Weights:
    """Weights by installed id (or the hub's id of what was fetched), folder, or a file in one.

    Raises WeightsMissing where there are none, where the folder is not whole, or where `sha256` is another one.
    """
    path = Path(reference).expanduser()
    name = local_name(reference)
    named = [folder for folder in installed_folders() if folder.name == name]
    if named:
        weights = open_weights(named[0], name)
    elif path.is_file():
        weights = open_weights(path.parent, str(path.parent))
    elif path.is_dir():
        weights = open_weights(path, str(path))
    else:
        known = ", ".join(folder.name for folder in installed_folders()) or "none"
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


def open_weights(folder: Path, name: str) -> Weights:
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
