"""Converting: whole or not at all, nothing overwritten, what cannot be held is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, DatasetIncomplete, InputError, UnknownName
from engine.contract.events import Progress
from engine.contract.jobs import Convert
from engine.jobs.convert import run
from tests.fakes import drawn_layouts as draw


def _convert(folder: Path, to: str, out: Path, emit: Any = lambda event: None, **settings: Any) -> dict[str, Any]:
    return run(Convert(str(folder), to, str(out), settings=settings), emit, CancelToken(), "j")


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_that_holds_anything_is_refused(tmp_path: Path) -> None:
    draw.folder_pairs(tmp_path / "in")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        _convert(tmp_path / "in", "nnunet", tmp_path / "out")
    assert (tmp_path / "out/mine.txt").read_text() == "x"
    with pytest.raises(InputError, match="within the dataset"):
        _convert(tmp_path / "in", "nnunet", tmp_path / "in/out")
    assert _left(tmp_path) == ["in", "out"]
    assert _left(tmp_path / "in") == ["images", "masks"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    draw.folder_pairs(tmp_path / "in")
    (tmp_path / "out").mkdir()
    _convert(tmp_path / "in", "nnunet", tmp_path / "out")
    assert _left(tmp_path / "out") == ["Dataset001_In"]


@pytest.mark.parametrize("to", ["nnunet", "task_files"])
def test_a_cancel_leaves_nothing(to: str, tmp_path: Path) -> None:
    draw.folder_pairs(tmp_path / "in")
    token = CancelToken()

    def emit(event: object) -> None:
        if isinstance(event, Progress) and event.stage == "writing":
            token.cancel()

    with pytest.raises(Cancelled):
        run(Convert(str(tmp_path / "in"), to, str(tmp_path / "out")), emit, token, "j")
    assert _left(tmp_path) == ["in"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="nnunet"):
        _convert(tmp_path / "in", "nnunetv3", tmp_path / "out")
    with pytest.raises(DatasetIncomplete):
        _convert(tmp_path / "in", "nnunet", tmp_path / "out")
    draw.coco(tmp_path / "in")
    path = tmp_path / "in/annotations/instances_train2017.json"
    about = json.loads(path.read_text())
    about["annotations"].append({"image_id": 0, "category_id": 3, "segmentation": [[5, 5, 20, 5, 20, 20]]})
    path.write_text(json.dumps(about))
    with pytest.raises(InputError, match="In a labels lie over each other") as caught:
        _convert(tmp_path / "in", "nnunet", tmp_path / "out")
    assert "task_files" in caught.value.hint
    assert _left(tmp_path) == ["in"]
    assert _convert(tmp_path / "in", "task_files", tmp_path / "out")["cases"] == 4


def test_nnunet_numbers_names_and_folds(tmp_path: Path) -> None:
    draw.pascal_voc(tmp_path / "in")
    done = _convert(tmp_path / "in", "nnunet", tmp_path / "out")
    top = tmp_path / "out/Dataset001_PascalVoc2012"
    about = json.loads((top / "dataset.json").read_text())
    assert about["labels"] == {
        "background": 0,
        **{name: at for at, name in enumerate(about["phrases"], 1)},
        "ignore": 21,
    }
    assert (about["numTraining"], about["file_ending"]) == (3, ".png")
    assert json.loads((top / "splits_final.json").read_text()) == [
        {"train": ["2007_000032", "2007_000063"], "val": ["2007_000039"]}
    ]
    stored = np.asarray(Image.open(top / "labelsTr/2007_000039.png"))
    before = np.asarray(Image.open(tmp_path / "in/VOCdevkit/VOC2012/SegmentationClass/2007_000039.png"))
    assert np.array_equal(stored, np.where(before == 255, 21, before))
    assert done["notes"] == []


def test_volumes_are_copied_byte_for_byte_or_keep_their_grid(tmp_path: Path) -> None:
    draw.decathlon(tmp_path / "in")
    _convert(tmp_path / "in", "nnunet", tmp_path / "out")
    source = tmp_path / "in/Task03_Liver/imagesTr/a.nii.gz"
    target = tmp_path / "out/Dataset001_Liver/imagesTr/a_0000.nii.gz"
    assert hashlib.sha256(source.read_bytes()).digest() == hashlib.sha256(target.read_bytes()).digest()
    # Kinds that differ become one.
    image = sitk.ReadImage(str(source))
    image.SetSpacing((0.7, 0.7, 2.5))
    image.SetOrigin((-12.5, 3.0, 80.0))
    mask = sitk.ReadImage(str(tmp_path / "in/Task03_Liver/labelsTr/a.nii.gz"))
    mask.CopyInformation(image)
    for number, suffix in enumerate(("nrrd", "mha", "nii.gz")):
        (tmp_path / "mixed/images").mkdir(parents=True, exist_ok=True)
        (tmp_path / "mixed/masks").mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image + number, str(tmp_path / f"mixed/images/{number}.{suffix}"))
        sitk.WriteImage(mask, str(tmp_path / f"mixed/masks/{number}.{suffix}"))
    _convert(tmp_path / "mixed", "nnunet", tmp_path / "out2")
    for part in ("images", "labels"):
        for path in sorted((tmp_path / "out2/Dataset001_Mixed").glob(f"{part}T?/*.nii.gz")):
            found = sitk.ReadImage(str(path))
            assert found.GetSpacing() == pytest.approx((0.7, 0.7, 2.5), abs=1e-5)
            assert found.GetOrigin() == pytest.approx((-12.5, 3.0, 80.0), abs=1e-4)


def test_grey_pictures_beside_coloured_ones_become_rgb(tmp_path: Path) -> None:
    draw.folder_pairs(tmp_path / "in")
    draw.save(tmp_path / "in/images/a.png", draw.photo(0)[..., 0])
    done = _convert(tmp_path / "in", "nnunet", tmp_path / "out")
    assert "1 grey" in done["notes"][0]
    modes = {Image.open(path).mode for path in (tmp_path / "out").rglob("*_0000.png")}
    assert modes == {"RGB"}


def test_published_form_of_volumes(tmp_path: Path) -> None:
    draw.nnunet(tmp_path / "in")
    done = _convert(tmp_path / "in", "task_files", tmp_path / "out", plane="coronal", empty_slices=0)
    assert "slices of 8 bits (coronal)" in done["notes"][0]
    rows = json.loads((tmp_path / "out/anns/train.json").read_text())
    row = next(row for row in rows if row["mask_name"].startswith("liver/"))
    assert row["prompts"]["p0"] == ""
    assert row["prompts"]["p1"] == "liver"
    assert row["prompts"]["p2"] == "one liver"
    assert "located in" in row["prompts"]["p4"]
    mask = np.asarray(Image.open(tmp_path / "out/masks" / row["mask_name"]))
    assert set(np.unique(mask)) == {0, 255}
    assert mask.shape == Image.open(tmp_path / "out/images" / row["img_name"]).size[::-1]


def test_prompts_that_a_dataset_brings_are_kept(tmp_path: Path) -> None:
    draw.task_files(tmp_path / "in")
    _convert(tmp_path / "in", "task_files", tmp_path / "out")
    (before,) = json.loads((tmp_path / "in/anns/test.json").read_text())
    (after,) = json.loads((tmp_path / "out/anns/test.json").read_text())
    assert after["prompts"] == before["prompts"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw.folder_pairs(tmp_path / "in")
    (tmp_path / "in/masks/a.png").write_bytes(b"")
    out = str(tmp_path / "out")
    assert main(["data", "convert", str(tmp_path / "in"), "--to", "nnunet", "--out", out]) == 0
    told = "".join(capsys.readouterr())
    assert "2 cases written" in told
    assert "masks/a.png" in told
    assert main(["data", "convert", str(tmp_path / "in"), "--to", "nnunet", "--out", out]) == 2
    assert "not empty" in capsys.readouterr().err
