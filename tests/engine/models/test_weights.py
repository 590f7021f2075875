"""Finding, checking and importing base weights, without torch."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.contract.errors import InputError, WeightsMissing
from engine.models.importing import import_weights
from engine.models.weights import file_hash, find_weights, list_weights
from engine.runs.folders import cache_folder, models_folder
from tests.fakes.tiny_clipseg import write_tiny_clipseg


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_clipseg(tmp_path / "tiny")


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_by_folder_by_file_and_by_id(folder: Path) -> None:
    by_folder = find_weights(str(folder))
    by_file = find_weights(str(folder / "model.safetensors"))
    imported = import_weights(folder, "mine")
    by_id = find_weights("mine")
    assert {item.sha256 for item in (by_folder, by_file, imported, by_id)} == {digest(folder)}
    assert {item.model for item in (by_folder, by_file, imported, by_id)} == {"clipseg"}
    assert by_id.path == models_folder() / "mine"
    assert "mine" in {item.id for item in list_weights()}
    assert by_id.limits()["text_layers"] == 3


def test_what_is_not_there(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WeightsMissing, match="neither installed nor a folder") as caught:
        find_weights("nothing-like-it")
    assert "models import" in caught.value.hint
    assert caught.value.field == "model.weights"
    with pytest.raises(WeightsMissing, match="holds no weights"):
        find_weights(str(tmp_path))
    (folder / "config.json").write_text("{ not json")
    with pytest.raises(WeightsMissing, match="not known here"):
        find_weights(str(folder))


def test_other_weights_than_a_run_names_are_refused(folder: Path) -> None:
    assert find_weights(str(folder), sha256=digest(folder)).path == folder
    with pytest.raises(WeightsMissing, match="not the file this was made with"):
        find_weights(str(folder), sha256="0" * 64)


def test_the_hash_is_kept_until_the_file_changes(folder: Path) -> None:
    file = folder / "model.safetensors"
    first = file_hash(file)
    (kept,) = (cache_folder() / "hashes").iterdir()
    kept.write_text('{"sha256": "from the cache"}')
    assert file_hash(file) == "from the cache"
    kept.write_text("damaged")
    assert file_hash(file) == first
    stat = file.stat()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
    assert file_hash(file) == digest(folder) != first


def test_an_import_takes_known_files_only_and_never_overwrites(folder: Path) -> None:
    (folder / "modeling_evil.py").write_text("raise SystemExit")
    imported = import_weights(folder / "model.safetensors", "mine")
    assert not (imported.path / "modeling_evil.py").exists()
    assert (imported.path / "tokenizer.json").is_file()
    with pytest.raises(InputError, match="already"):
        import_weights(folder, "mine")
    with pytest.raises(InputError, match="cannot be an id"):
        import_weights(folder, "../outside")
    assert [path.name for path in models_folder().iterdir()] == ["mine"]


def test_the_card_recommends(folder: Path) -> None:
    (folder / "README.md").write_text(
        "---\nlicense: apache-2.0\nsynthetic_only: true\nnotice: never seen medical images\nunknown: 1\n"
        "recommended:\n  vpt:\n    strategy: {prompt_depth: 3}\n    training: {learning_rate: 0.05}\n---\n# Tiny\n"
    )
    card = find_weights(str(folder)).card
    assert (card.licence, card.synthetic_only, card.notice) == ("apache-2.0", True, "never seen medical images")
    assert card.recommended_for("vpt") == {"strategy": {"prompt_depth": 3}, "training": {"learning_rate": 0.05}}
    assert card.recommended_for("coop") == {}


@pytest.mark.parametrize("text", ["", "no front matter", "---\n: [broken\n---\n", "---\nrecommended: 3\n---\n"])
def test_a_broken_card_is_an_empty_one(folder: Path, text: str) -> None:
    (folder / "README.md").write_text(text)
    card = find_weights(str(folder)).card
    assert (card.licence, card.recommended) == ("unknown", {})


def test_no_torch_is_needed(folder: Path) -> None:
    program = (
        "import sys; from engine.models.weights import find_weights; found = find_weights(sys.argv[1]); found.limits();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", program, str(folder)], check=False).returncode == 0


def test_other_settings_make_another_network_of_the_same_weights(folder: Path) -> None:
    """What was computed with one must not be taken for the other's."""
    before = find_weights(str(folder))
    identity = before.identity
    config = folder / "config.json"
    values = json.loads(config.read_text())
    config.write_text(json.dumps({**values, "extract_layers": [0, 1]}))
    after = find_weights(str(folder))
    assert after.sha256 == before.sha256
    assert after.identity != identity
