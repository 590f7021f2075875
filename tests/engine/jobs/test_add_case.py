"""A corrected mask becomes a case that a dataset can be tuned on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import yaml
from PIL import Image, PngImagePlugin

from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.jobs import AddCase, InspectData
from engine.data.readers.dataset_yaml import DatasetYaml
from engine.jobs import add_case, inspect_data
from engine.runs.folders import corrections_folder
from engine.volumes.reading import read_mask, read_scan
from tests.fakes.dicom_files import SECRETS, evenly, write_series


def npy(path: Path, mask: np.ndarray) -> str:
    np.save(path, mask.astype(np.uint8) * np.uint8(255))
    return str(path)


def add(scan: Path, masks: list[str], prompts: list[str], folder: Path | str = "", **more: Any) -> dict[str, Any]:
    job = AddCase(str(scan), masks, prompts, str(folder), **more)
    return add_case.run(job, lambda event: None, CancelToken(), "job")


def square(shape: tuple[int, ...], low: int = 2, high: int = 8) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[..., low:high, low:high] = True
    return mask


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    text = PngImagePlugin.PngInfo()
    text.add_text("Patient", "Jane Doe")
    pixels = np.random.default_rng(0).integers(0, 255, (16, 20, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "jane-doe.png", pnginfo=text)
    return tmp_path / "jane-doe.png"


def test_a_picture_becomes_a_case_of_a_new_dataset(photo: Path, tmp_path: Path) -> None:
    mask = square((1, 16, 20))
    result = add(photo, [npy(tmp_path / "m.npy", mask)], ["polyp"])
    folder = corrections_folder()
    assert (result["folder"], result["cases"], result["replaced"]) == (str(folder), 1, False)
    (case,) = DatasetYaml().cases(folder).cases
    assert np.array_equal(read_scan(case.image).voxels, read_scan(photo).voxels)
    assert np.array_equal(read_mask(case.masks[0].path).voxels > 0, mask)
    assert case.known == {1}
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"Jane" not in everything
    assert not any("jane" in str(path).lower() for path in folder.rglob("*"))
    report = inspect_data.run(InspectData(str(folder)), lambda event: None, CancelToken(), "job")
    assert [label["name"] for label in report["labels"]] == ["polyp"]


def test_the_same_scan_again_gets_new_masks_and_no_file_is_written_over(photo: Path, tmp_path: Path) -> None:
    first, second = square((1, 16, 20)), square((1, 16, 20), 4, 12)
    add(photo, [npy(tmp_path / "a.npy", first)], ["polyp"], tmp_path / "set")
    (old,) = DatasetYaml().cases(tmp_path / "set").cases
    add(photo, [npy(tmp_path / "l.npy", second)], ["lumen"], tmp_path / "set")
    result = add(photo, [npy(tmp_path / "b.npy", second)], ["POLYP"], tmp_path / "set")
    assert (result["cases"], result["replaced"]) == (1, True)
    (case,) = DatasetYaml().cases(tmp_path / "set").cases
    assert [mask.value for mask in case.masks] == [1, 2]
    assert np.array_equal(read_mask(case.masks[0].path).voxels > 0, second)
    assert np.array_equal(read_mask(old.masks[0].path).voxels > 0, first)
    assert case.known == {1, 2}


def test_labels_that_a_case_does_not_tell_count_for_nothing(photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(np.zeros((16, 20, 3), np.uint8)).save(other)
    add(photo, [npy(tmp_path / "a.npy", square((1, 16, 20)))], ["polyp"], tmp_path / "set")
    add(other, [npy(tmp_path / "b.npy", square((1, 16, 20)))], ["lumen"], tmp_path / "set")
    assert [case.known for case in DatasetYaml().cases(tmp_path / "set").cases] == [{1}, {2}]


def test_a_case_joins_the_training_split_where_there_are_splits(photo: Path, tmp_path: Path) -> None:
    add(photo, [npy(tmp_path / "a.npy", square((1, 16, 20)))], ["polyp"], tmp_path / "set")
    path = tmp_path / "set" / "dataset.yaml"
    about = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**about, "splits": {"val": [about["cases"][0]["id"]]}}))
    other = tmp_path / "other.png"
    Image.fromarray(np.zeros((16, 20, 3), np.uint8)).save(other)
    add(other, [npy(tmp_path / "b.npy", square((1, 16, 20)))], ["polyp"], tmp_path / "set")
    assert [case.split for case in DatasetYaml().cases(tmp_path / "set").cases] == ["val", "train"]


def test_a_dicom_series_becomes_a_volume_that_names_nobody(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", evenly(5), shape=(16, 16))
    scan = read_scan(tmp_path / "ct")
    mask = square(scan.shape_zyx)
    add(tmp_path / "ct", [npy(tmp_path / "m.npy", mask)], ["liver"], tmp_path / "set")
    (case,) = DatasetYaml().cases(tmp_path / "set").cases
    again = read_scan(case.image)
    assert np.allclose(again.voxels, scan.voxels)
    assert again.geometry is not None
    assert scan.geometry is not None
    assert np.allclose(again.geometry.matrix, scan.geometry.matrix, atol=1e-4)
    header = sitk.ReadImage(str(case.image))
    said = " ".join(header.GetMetaData(key) for key in header.GetMetaDataKeys()).lower()
    assert not any(secret.lower() in said for secret in SECRETS)


def test_a_folder_with_another_organisation_is_refused(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "set" / "images").mkdir(parents=True)
    (tmp_path / "set" / "images" / "a.png").write_bytes(b"x")
    with pytest.raises(InputError, match="organised in a way of its own"):
        add(photo, [npy(tmp_path / "a.npy", square((1, 16, 20)))], ["polyp"], tmp_path / "set")
    assert [path.name for path in (tmp_path / "set").rglob("*")] == ["images", "a.png"]
