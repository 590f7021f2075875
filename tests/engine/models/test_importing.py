"""Base weights from a zip, names that are made, progress, cancel; nothing lands outside and nothing is left behind."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
import torch

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, DiskFull, InputError, WeightsMissing
from engine.contract.events import Event, Progress
from engine.contract.jobs import ImportModel
from engine.jobs import import_model
from engine.models import importing
from engine.models.importing import import_weights
from engine.runs.folders import models_folder
from tests.fakes.tiny_clipseg import write_tiny_clipseg
from tests.fakes.tiny_cris import tiny_cris, training_checkpoint, write_tiny_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_clipseg(tmp_path / "tiny")


def zipped(target: Path, folder: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inside}{file.name}")
    return target


def authors_file(path: Path) -> Path:
    """CRIS as its authors' training writes it."""
    path.parent.mkdir(exist_ok=True)
    torch.save(training_checkpoint(tiny_cris().state_dict()), path)
    return path


def left_behind() -> list[str]:
    return sorted(path.name for path in models_folder().iterdir()) if models_folder().is_dir() else []


@pytest.mark.parametrize("inside", ["", "clipseg/", "downloads/clipseg/"])
def test_a_zipped_folder_is_what_the_folder_is(folder: Path, tmp_path: Path, inside: str) -> None:
    (folder / "modeling_evil.py").write_text("raise SystemExit")
    file = zipped(tmp_path / "My weights (2).zip", folder, inside)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("__MACOSX/._model.safetensors", b"of another system")
    imported = import_weights(file)
    assert imported.id == "My-weights-2"
    plain = import_weights(folder, "plain")
    assert imported.sha256 == plain.sha256
    names = sorted(path.name for path in imported.path.iterdir())
    assert names == sorted(path.name for path in plain.path.iterdir())
    assert "modeling_evil.py" not in names
    assert left_behind() == ["My-weights-2", "plain"]


def test_a_zip_with_a_checkpoint_of_another_layout_is_converted(tmp_path: Path) -> None:
    folder = write_tiny_tokenizer(tmp_path / "cris")
    authors_file(folder / "best.pth")
    imported = import_weights(zipped(tmp_path / "cris.zip", folder))
    assert (imported.id, imported.model) == ("cris", "cris")


def test_a_missing_tokenizer_is_a_field_and_names_the_zip(tmp_path: Path) -> None:
    authors_file(tmp_path / "cris" / "best.pth")
    file = zipped(tmp_path / "cris.zip", tmp_path / "cris")
    with pytest.raises(WeightsMissing, match="no tokenizer") as caught:
        import_weights(file)
    assert caught.value.field == "tokenizer"
    assert str(file) in caught.value.message
    assert ".importing-" not in caught.value.message
    assert left_behind() == []
    words = write_tiny_tokenizer(tmp_path / "words")
    assert import_weights(file, tokenizer=words).model == "cris"


@pytest.mark.parametrize(
    "name", ["../model.safetensors", "/model.safetensors", "a/../../config.json", "C:\\config.json"]
)
def test_names_that_lead_outside_are_refused(folder: Path, tmp_path: Path, name: str) -> None:
    file = zipped(tmp_path / "evil.zip", folder)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"outside")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(WeightsMissing, match="outside"):
        import_weights(file)
    assert sorted(tmp_path.rglob("*")) == before
    assert left_behind() == []


def test_links_bombs_and_damage_are_refused(folder: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("vocab.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = zipped(tmp_path / "link.zip", folder)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(WeightsMissing, match="link"):
        import_weights(file)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.safetensors", bytes(64 * 1024 * 1024))
    with pytest.raises(WeightsMissing, match="would grow"):
        import_weights(bomb)
    damaged = zipped(tmp_path / "damaged.zip", folder)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    with pytest.raises(WeightsMissing, match="damaged"):
        import_weights(damaged)
    damaged.write_bytes(b"no zip")
    with pytest.raises(WeightsMissing, match="damaged"):
        import_weights(damaged)
    assert left_behind() == []


def test_none_and_several_checkpoints_in_a_zip_are_told(folder: Path, tmp_path: Path) -> None:
    file = zipped(tmp_path / "two.zip", folder, "one/")
    with zipfile.ZipFile(file, "a") as archive:
        archive.write(folder / "model.safetensors", "other/model.safetensors")
    with pytest.raises(WeightsMissing, match=r"several checkpoints \(one, other\)"):
        import_weights(file)
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(WeightsMissing, match="no checkpoint"):
        import_weights(tmp_path / "none.zip")


def test_the_same_weights_are_told_and_others_of_the_name_get_another(folder: Path, tmp_path: Path) -> None:
    first = import_weights(folder)
    assert first.id == "tiny"
    with pytest.raises(InputError, match="installed already: they are called 'tiny'"):
        import_weights(folder)
    other = write_tiny_clipseg(tmp_path / "elsewhere" / "tiny", seed=1)
    assert import_weights(other).id == "tiny-2"
    assert import_weights(zipped(tmp_path / "tiny.zip", write_tiny_clipseg(tmp_path / "third", seed=2))).id == "tiny-3"
    with pytest.raises(InputError, match="already"):
        import_weights(other, "tiny")


def test_a_broken_folder_of_the_name_stands_in_no_ones_way(folder: Path) -> None:
    broken = models_folder() / folder.name
    broken.mkdir(parents=True)
    (broken / "model.safetensors").write_bytes(b"cut off")
    assert import_weights(folder).id == f"{folder.name}-2"
    assert (broken / "model.safetensors").read_bytes() == b"cut off"


@pytest.mark.parametrize("packed", [False, True])
def test_progress_is_told_and_a_cancel_leaves_nothing(folder: Path, tmp_path: Path, packed: bool) -> None:
    given = zipped(tmp_path / "tiny.zip", folder) if packed else folder
    told: list[Event] = []
    result = import_model.run(ImportModel(str(given), "told"), told.append, CancelToken(), "job")
    assert result["id"] == "told"
    last = [event for event in told if isinstance(event, Progress)][-1]
    assert last.done == last.total > 0
    assert last.unit == "MB"
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        import_model.run(ImportModel(str(given), "left"), told.append, cancel, "job")
    assert left_behind() == ["told"]


def test_a_full_disk_is_told_before_anything_is_copied(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        free = 1000

    monkeypatch.setattr(importing.shutil, "disk_usage", lambda _place: Full)
    for given in (folder, zipped(tmp_path / "tiny.zip", folder)):
        with pytest.raises(DiskFull, match="are to be copied"):
            import_weights(given, "mine")
    assert left_behind() == []
