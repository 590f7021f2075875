"""A pack comes back as it was written; anything damaged, unsafe or newer is told apart, and nothing is unpacked."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import save

from engine.bundle.manifest import BaseModelInfo
from engine.contract.errors import EngineError, InputError, NotAPack, WrongVersion
from engine.data.config import LabelConfig
from engine.pack.archive import read_pack, write_pack
from engine.pack.card import card_text
from engine.pack.manifest import CARD, FILES, LEARNED, MANIFEST, RECIPE, PackManifest

VECTORS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def manifest() -> PackManifest:
    label = LabelConfig(value=2, name="polyp | sessile", phrase="polyp")
    return PackManifest(name="Polyps", learned=24, labels=(label,), model=BaseModelInfo(sha256="ab" * 32))


def write(path: Path, vectors: np.ndarray = VECTORS) -> Path:
    files = {RECIPE: b"version: 1\n", LEARNED: save({"learner.context_vectors": vectors}), CARD: b"# Polyps\n"}
    return write_pack(manifest(), files, path)


def changed(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The pack's files after `change`, zipped anew."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_it_comes_back_and_is_the_same_file_each_time(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.tvprompt"), write(tmp_path / "b.tvprompt")
    assert first.read_bytes() == second.read_bytes()
    pack = read_pack(first)
    assert pack.manifest.model_copy(update={"files": {}, "producer": "tunevlseg"}) == manifest()
    assert np.array_equal(pack.learned["learner.context_vectors"], VECTORS)
    assert pack.recipe == {"version": 1}
    with pytest.raises(InputError, match="there already"):
        write(first)


def version(number: object) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        values = yaml.safe_load(files[MANIFEST])
        files[MANIFEST] = yaml.safe_dump({**values, "format_version": number, "a_new_key": 1}).encode()

    return change


BOMB = b"\n".join(
    [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]".encode() for n in range(1, 12)]
)

WRONG: dict[str, tuple[type[EngineError], str, Callable[[dict[str, bytes]], None]]] = {
    "newer": (WrongVersion, "format version 2", version(2)),
    "no version": (NotAPack, "which version", version("one")),
    "outside": (NotAPack, "outside", lambda files: files.update({"../evil.txt": b"x"})),
    "absolute": (NotAPack, "outside", lambda files: files.update({"/etc/evil": b"x"})),
    "drive": (NotAPack, "outside", lambda files: files.update({"C:/evil": b"x"})),
    "unknown": (NotAPack, "no pack has", lambda files: files.update({"run.py": b"print()"})),
    "missing": (NotAPack, "lacks", lambda files: files.pop(CARD)),
    "another recipe": (NotAPack, "recipe.yaml is damaged", lambda files: files.update({RECIPE: b"version: 2\n"})),
    "other numbers": (NotAPack, "damaged", lambda files: files.update({LEARNED: files[LEARNED][:-4] + b"abcd"})),
    "not yaml": (NotAPack, "cannot be read", lambda files: files.update({MANIFEST: b"\xff\xfe: ["})),
    "a list": (NotAPack, "no settings", lambda files: files.update({MANIFEST: b"- 1\n"})),
    "grows": (NotAPack, "refers to itself", lambda files: files.update({MANIFEST: BOMB})),
    "no pack": (NotAPack, "no prompt pack", lambda files: files.pop(MANIFEST)),
    "too large": (NotAPack, "larger", lambda files: files.update({CARD: bytes(range(256)) * 5000})),
    "bomb": (NotAPack, "would grow", lambda files: files.update({LEARNED: bytes(40_000_000)})),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_told(tmp_path: Path, kind: str) -> None:
    error, words, change = WRONG[kind]
    path = changed(write(tmp_path / "a.tvprompt"), change)
    with pytest.raises(error, match=words) as caught:
        read_pack(path)
    assert caught.value.hint
    assert [found.name for found in tmp_path.iterdir()] == ["a.tvprompt"]


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.tvprompt").read_bytes()
    for size in range(0, len(whole), 41):
        (tmp_path / "cut.tvprompt").write_bytes(whole[:size])
        with pytest.raises(NotAPack):
            read_pack(tmp_path / "cut.tvprompt")


@pytest.mark.parametrize("bad", [np.full((2, 3, 4), np.nan, np.float32), np.ones((2, 3, 4), np.int64), VECTORS[:1]])
def test_numbers_that_are_none_are_refused(tmp_path: Path, bad: np.ndarray) -> None:
    with pytest.raises(NotAPack):
        read_pack(write(tmp_path / "a.tvprompt", bad))


def test_links_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tvprompt")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in FILES}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if name == CARD else 0o100644) << 16
            archive.writestr(entry, data)
    with pytest.raises(NotAPack, match="link"):
        read_pack(path)


def test_the_card_says_what_it_is() -> None:
    text = card_text(manifest().model_copy(update={"synthetic": True}))
    assert "| 2 | polyp / sessile | polyp |" in text
    assert "Synthetic" in text
    assert "research use only" in text
