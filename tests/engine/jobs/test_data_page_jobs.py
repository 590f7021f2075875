"""What the Data page asks: a list of cases at once, thumbnails, one case at full size, an edited split as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError
from engine.contract.events import CasesListed, ThumbnailDrawn
from engine.contract.jobs import DrawThumbnails, InspectData, Job, ListCases, OpenCase, SaveSplit
from engine.data.config import DataConfig
from engine.data.report import inspect
from engine.jobs.perform import run_job


def _asked(job: Job, token: CancelToken | None = None) -> tuple[dict[str, Any], list[Any]]:
    events: list[Any] = []
    return run_job(job, events.append, token or CancelToken(), "j"), events


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """images/pN_K.png and masks: three patients with two images each."""
    home = tmp_path / "set"
    for number in range(6):
        rng = np.random.default_rng(number)
        mask = np.zeros((20, 30), np.uint8)
        mask[5:10, 5 : 8 + number] = 255
        for side, pixels in (("images", rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)), ("masks", mask)):
            path = home / side / f"c{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return home


def test_cases_are_listed_before_a_file_is_opened(folder: Path) -> None:
    (folder / "images" / "c3.png").write_bytes(b"no picture")
    result, events = _asked(ListCases(str(folder)))
    assert result["cases"] == 6
    assert result["layout"] == "folder_pairs"
    (part,) = events
    assert isinstance(part, CasesListed)
    assert [row["case_id"] for row in part.rows] == [f"c{number}" for number in range(6)]
    assert part.rows[3]["image"] == "images/c3.png"


def test_thumbnails_come_one_by_one_and_a_damaged_case_says_why(folder: Path, tmp_path: Path) -> None:
    (folder / "images" / "c3.png").write_bytes(b"no picture")
    job = DrawThumbnails(str(folder), ["c4", "c3", "gone", "c0"], str(tmp_path / "shelf"))
    result, events = _asked(job)
    assert result == {"drawn": 2}
    assert [event.case_id for event in events] == ["c4", "c3", "gone", "c0"]
    assert all(isinstance(event, ThumbnailDrawn) for event in events)
    with Image.open(events[0].mask) as mask:
        assert set(np.unique(np.asarray(mask)).tolist()) == {0, 255}
    assert "c3.png" in events[1].problem
    assert not events[1].picture
    assert "gone" in events[2].problem
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        _asked(job, token)


def test_a_case_opens_with_its_label_values_on_the_scans_grid(tmp_path: Path) -> None:
    for side, kind in (("images", np.int16), ("labels", np.uint8)):
        voxels = np.zeros((6, 8, 10), kind)
        voxels[2:4, 3:5, 3:6] = 3
        path = tmp_path / "ct" / side / "v.nii.gz"
        path.parent.mkdir(parents=True)
        sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path))
    result, _ = _asked(OpenCase(str(tmp_path / "ct"), "v", str(tmp_path / "out")))
    assert result["shape"] == [6, 8, 10]
    (layer,) = result["layers"]
    values = np.load(tmp_path / "out" / layer["file"])
    assert values.shape == (6, 8, 10)
    assert sum(layer["voxels"].values()) == np.count_nonzero(values) == 12
    with pytest.raises(InputError, match="no case w"):
        _asked(OpenCase(str(tmp_path / "ct"), "w", str(tmp_path / "out")))


SPLITS = {"train": ["c0", "c1", "c5"], "val": ["c2"], "test": ["c3"]}
LABELS = [{"value": 1, "name": "cell", "phrase": "a round cell", "colour": "#56B4E9"}]


def _read(folder: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    report = inspect(DataConfig(folder=str(folder)), 1, lambda event: None, CancelToken())
    placed = {item.case.case_id: item.split for item in report.cases}
    return placed, [(label.name, label.phrase) for label in report.labels]


@pytest.mark.parametrize("by_content", [True, False])
def test_an_edited_split_is_what_a_dataset_then_has(folder: Path, tmp_path: Path, by_content: bool) -> None:
    job = SaveSplit(str(folder), str(tmp_path / "shelf"), SPLITS, LABELS, "binary", by_content=by_content)
    if not by_content:
        (tmp_path / "shelf").mkdir()
    result, _ = _asked(job)
    placed, labels = _read(Path(result["folder"]))
    assert placed == {case_id: split for split, names in SPLITS.items() for case_id in names}
    assert labels == [("cell", "a round cell")]


def test_the_same_split_is_the_same_file_and_another_leaves_it_alone(folder: Path, tmp_path: Path) -> None:
    shelf = str(tmp_path / "shelf")
    first, _ = _asked(SaveSplit(str(folder), shelf, SPLITS, by_content=True))
    again, _ = _asked(SaveSplit(str(folder), shelf, SPLITS, by_content=True))
    other, _ = _asked(SaveSplit(str(folder), shelf, {"train": ["c0"], "val": ["c1"]}, by_content=True))
    assert first == again
    assert other["folder"] != first["folder"]
    assert _read(Path(first["folder"]))[0]["c2"] == "val"


def test_a_split_saved_beside_the_data_is_edited_again(folder: Path, tmp_path: Path) -> None:
    _asked(SaveSplit(str(folder), str(folder), SPLITS))
    with pytest.raises(InputError, match="exists already"):
        _asked(SaveSplit(str(folder), str(folder), SPLITS))
    rows = _asked(InspectData(str(folder)))[0]["cases"]
    assert {row["case_id"] for row in rows} == {name for names in SPLITS.values() for name in names}
    moved = {"train": ["c0"], "val": ["c1", "c2"]}
    result, _ = _asked(SaveSplit(str(folder), str(tmp_path / "shelf"), moved, by_content=True))
    assert _read(Path(result["folder"]))[0] == {"c0": "train", "c1": "val", "c2": "val"}


@pytest.mark.parametrize("splits", [{"train": ["c0", "no"]}, {"train": ["c0"], "val": ["c0"]}])
def test_a_split_that_does_not_fit_is_refused(folder: Path, tmp_path: Path, splits: dict[str, list[str]]) -> None:
    with pytest.raises(InputError, match="of the split are not in set"):
        _asked(SaveSplit(str(folder), str(tmp_path / "shelf"), splits, by_content=True))
    assert not (tmp_path / "shelf").exists()
