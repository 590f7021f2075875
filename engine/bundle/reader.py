"""Folder or `NAME.vlseg` → `Bundle`: checked, never unpacked, nothing in it is run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from engine.bundle.manifest import (
    FIXED_GRAPH,
    MANIFEST,
    REQUIRED_FILES,
    WEIGHTS_BESIDE,
    Manifest,
    manifest_from,
)
from engine.bundle.onnx_header import read_header
from engine.bundle.signature import check_signature
from engine.bundle.storage import AGAIN, Storage, open_storage
from engine.contract.errors import NotABundle


@dataclass(frozen=True)
class Bundle:
    """An opened bundle. `sha256` is that of bundle.yaml, which names the sha256 of every other file."""

    path: Path
    manifest: Manifest
    sha256: str
    storage: Storage = field(repr=False, compare=False)

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """Reads the manifest and checks that every file is there; contents are checked as each is read.

        Raises NotABundle (no bundle, damaged, unsafe, files missing) or WrongVersion (written by a newer program).
        """
        return cls.of(open_storage(Path(path)))

    @classmethod
    def of(cls, storage: Storage) -> Bundle:
        """The bundle whose files `storage` gives; raises as `open` does."""
        path = storage.path
        if MANIFEST not in storage.names():
            raise NotABundle(
                f"{path} is not a bundle: it holds no {MANIFEST}.",
                hint="Give a folder or NAME.vlseg that `tunevlseg export` has written.",
            )
        text = storage.read(MANIFEST)
        try:
            values = yaml.safe_load(text.decode("utf-8"))
        except (ValueError, RecursionError, yaml.YAMLError) as error:
            raise NotABundle(f"{path}: {MANIFEST} is damaged: it is not YAML.", hint=AGAIN) from error
        manifest = manifest_from(values, str(path))
        _check_names(path, storage, manifest)
        return cls(path, manifest, hashlib.sha256(text).hexdigest(), storage)

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def has_fixed_graph(self) -> bool:
        return FIXED_GRAPH in self.storage.names()

    def read(self, name: str) -> bytes:
        """One file's bytes, equal to what was exported; raises NotABundle where they are not."""
        if name not in self.storage.names():
            raise NotABundle(f"{self.path}: {name} is missing.", hint=AGAIN)
        data = self.storage.read(name)
        expected = self.manifest.files.get(name)
        if expected is None or hashlib.sha256(data).hexdigest() != expected:
            raise NotABundle(f"{self.path}: {name} is damaged or was changed (its sha256 differs).", hint=AGAIN)
        return data

    def read_graph(self, name: str) -> bytes:
        """An ONNX graph that carries its weights itself, or beside it within the bundle (`read_weights`).

        Raises NotABundle for bytes that are no ONNX model, that would read weights from elsewhere, or whose inputs and
        outputs are not those that the manifest promises.
        """
        data = self.read(name)
        try:
            header = read_header(data)
        except ValueError as error:
            raise NotABundle(f"{self.path}: {name} is not an ONNX model.", hint=AGAIN) from error
        beside = WEIGHTS_BESIDE.get(name)
        if header.external - {beside} or (header.external and beside not in self.storage.names()):
            raise NotABundle(f"{self.path}: {name} wants to read other files; a bundle's graphs may not.", hint=AGAIN)
        check_signature(self.manifest, name, header, str(self.path))
        return data

    def read_weights(self, name: str) -> dict[str, bytes]:
        """What lies beside the graph `name`, by the name under which it asks for it; most graphs have nothing there."""
        beside = WEIGHTS_BESIDE[name]
        return {beside: self.read(beside)} if beside in self.storage.names() else {}

    def verify(self) -> None:
        """Reads every file once; raises NotABundle for the first that is not as exported."""
        for name in self.manifest.files:
            if name.endswith(".onnx"):
                self.read_graph(name)
            else:
                self.read(name)


def is_bundle(path: Path) -> bool:
    """True for a folder with a manifest, or a file that ends like a zipped bundle; nothing is read."""
    return (path / MANIFEST).is_file() or (path.is_file() and path.suffix.lower() == ".vlseg")


def _check_names(path: Path, storage: Storage, manifest: Manifest) -> None:
    present = storage.names()
    wanted = [*REQUIRED_FILES, *(name for name in manifest.files if name not in REQUIRED_FILES)]
    missing = [name for name in wanted if name not in present]
    if missing:
        raise NotABundle(f"{path}: {', '.join(missing)} is missing.", hint=AGAIN)
    unlisted = [name for name in present if name != MANIFEST and name not in manifest.files]
    if unlisted:
        raise NotABundle(f"{path}: {', '.join(unlisted)} is not in the bundle's own list.", hint=AGAIN)
