"""What a path is, by its contents."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from engine.contract.errors import InputError
from tunevlseg_gui.opening import kind_of, meant_by


@pytest.mark.parametrize(
    ("files", "opened", "kind"),
    [
        (["images/a.png"], "", "dataset"),
        (["bundle.yaml"], "", "bundle"),
        (["bundle.yaml"], "bundle.yaml", "bundle"),
        (["recipe.yaml", "events.jsonl"], "", "run"),
        (["recipe.yaml"], "", "dataset"),
        (["recipe.yaml"], "recipe.yaml", "recipe"),
        (["Polyps.vlseg"], "Polyps.vlseg", "bundle"),
        (["Polyps.tvprompt"], "Polyps.tvprompt", "pack"),
        (["head.nii.gz"], "head.nii.gz", "scan"),
        (["A.PNG"], "A.PNG", "scan"),
        (["config.json", "model.safetensors"], "", "weights"),
        (["cris_best.pth"], "cris_best.pth", "weights"),
    ],
)
def test_kinds(tmp_path: Path, files: list[str], opened: str, kind: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert kind_of(tmp_path / opened) == kind


def test_dicom_is_known_by_its_content(tmp_path: Path) -> None:
    content = bytes(128) + b"DICM" + bytes(8)
    for name in ("study/series/IM0001", "images-only/images/a.dcm", "mixed/a.dcm"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "mixed" / "b.png").touch()
    assert kind_of(tmp_path / "study" / "series" / "IM0001") == "scan"
    assert kind_of(tmp_path / "study") == "scan"
    # What is laid out as a dataset stays one.
    assert kind_of(tmp_path / "images-only") == "dataset"
    assert kind_of(tmp_path / "mixed") == "dataset"


def test_a_zip_is_weights_where_it_holds_some(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "clipseg.zip", "w") as archive:
        archive.writestr("clipseg/model.safetensors", b"")
    assert kind_of(tmp_path / "clipseg.zip") == "weights"
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("letter.txt", b"")
    (tmp_path / "damaged.zip").write_bytes(b"no zip")
    for name in ("other.zip", "damaged.zip"):
        with pytest.raises(InputError, match="no kind that can be opened"):
            kind_of(tmp_path / name)


def test_what_cannot_be_opened_says_what_can(tmp_path: Path) -> None:
    (tmp_path / "letter.docx").touch()
    with pytest.raises(InputError, match="no kind that can be opened") as told:
        kind_of(tmp_path / "letter.docx")
    assert "NIfTI" in told.value.hint


def test_a_dataset_yaml_and_a_table_of_labels(tmp_path: Path) -> None:
    (tmp_path / "dataset.yaml").write_text("version: 1\n")
    (tmp_path / "labels.ctbl").write_text("1 spleen 1 2 3 255\n")
    (tmp_path / "patients.csv").write_text("image,patient\na,1\n")
    assert kind_of(tmp_path / "dataset.yaml") == "dataset"
    assert kind_of(tmp_path / "labels.ctbl") == "labels"
    with pytest.raises(InputError, match="no kind"):
        kind_of(tmp_path / "patients.csv")


def test_what_is_dropped_together_is_one_thing_or_told(tmp_path: Path) -> None:
    slices = [tmp_path / f"IM{number}" for number in range(3)]
    for path in slices:
        path.write_bytes(bytes(128) + b"DICM" + bytes(8))
    pictures = [tmp_path / f"{name}.png" for name in "ab"]
    for path in pictures:
        path.touch()
    assert meant_by(pictures[:1]) == pictures[0]
    assert meant_by(slices) == slices[0]
    with pytest.raises(InputError, match="2 things") as told:
        meant_by(pictures)
    assert "images" in told.value.hint
    with pytest.raises(InputError, match="3 things") as told:
        meant_by([*slices[:2], pictures[0]])
    assert "dataset" in told.value.hint
