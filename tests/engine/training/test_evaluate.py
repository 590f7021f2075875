"""Scores of a split at the size of the original pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled
from engine.contract.events import Event
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.report import inspect
from engine.training.evaluate import Score, Surface, score, scores_csv, summarise
from engine.volumes.preprocess import Preprocess


def quiet(event: Event) -> None:
    del event


@pytest.fixture
def dataset(tmp_path: Path) -> SliceDataset:
    """Ten pictures of 64 × 48, the mask is the left half."""
    mask = np.zeros((48, 64), np.uint8)
    mask[:, :32] = 255
    for number in range(10):
        for kind, values in (("images", np.full((48, 64, 3), 10 * number, np.uint8)), ("masks", mask)):
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.fromarray(values).save(tmp_path / kind / f"c{number}.png")
    report = inspect(DataConfig(folder=str(tmp_path)), 1, quiet, CancelToken())
    return SliceDataset.build(report, "train", report.preprocess(Preprocess(size=32)), quiet, CancelToken())


def left(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    found = np.zeros((len(images), 1, *images.shape[1:3]), np.float32)
    found[..., :16] = 1
    return found


def test_at_original_size(dataset: SliceDataset) -> None:
    scores = score(left, dataset, 0.5, quiet, CancelToken(), "job")
    assert len(scores) == len(dataset)
    assert {item.truth_pixels for item in scores} == {48 * 32}
    assert all(item.dice > 0.97 for item in scores)
    assert [item.case for item in scores] == [ref.finding.case.case_id for ref in dataset.refs]
    assert {(item.surface.unit, item.surface.dimensions) for item in scores if item.surface} == {("px", 2)}
    assert all(item.nsd == 1.0 and item.hd95 is not None and item.hd95 <= 1.0 for item in scores)
    nothing = score(lambda images: 0 * left(images), dataset, 0.5, quiet, CancelToken(), "job")
    assert {(item.dice, item.iou, item.answer_pixels) for item in nothing} == {(0.0, 0.0, 0)}
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        score(left, dataset, 0.5, quiet, token, "job")


def test_dice_and_iou_of_a_case() -> None:
    half = Score("a", "x", 1, truth_pixels=4, answer_pixels=4, overlap=2, surface=Surface(1.5, 0.25, "mm", 2, 0))
    assert (half.dice, half.iou) == (0.5, pytest.approx(2 / 6))
    empty = Score("b", "x", 1, 0, 0, 0)
    assert (empty.dice, empty.iou) == (1.0, 1.0)
    missed = Score("c", "x", 3, 9, 0, 0, Surface(None, 0.0, "px", 2, 3))
    rows = scores_csv([half, empty, missed]).splitlines()
    assert rows[0] == "case,label,dice,iou,slices,truth_pixels,answer_pixels,hd95,nsd,unit,dimensions,undefined"
    assert rows[1] == "a,x,0.500000,0.333333,1,4,4,1.500000,0.250000,mm,2,0"
    assert rows[2] == "b,x,1.000000,1.000000,1,0,0,,,,,"
    assert rows[3] == "c,x,0.000000,0.000000,3,9,0,,0.000000,px,2,3"


def test_the_summary() -> None:
    scores = [Score("a", "x", 1, 4, 4, 2), Score("b", "x", 1, 0, 0, 0), Score("a", "y", 1, 2, 2, 2)]
    x, y, everything = summarise(scores)
    assert (x["label"], x["n"], x["dice"], x["dice_positive"]) == ("x", 2, 0.75, 0.5)
    assert x["dice_sd"] == pytest.approx(math.sqrt(0.125))
    assert (x["positives"], x["cases"], x["dataset_iou"]) == (1, 2, pytest.approx(2 / 6))
    assert (y["label"], y["dice"], everything["label"], everything["n"]) == ("y", 1.0, "all", 3)
    assert (x["dice_low"], x["dice_high"]) == (None, None)  # two cases allow no interval
    (many,) = summarise([Score(str(case), "x", 1, 4, 4, case % 5) for case in range(20)])
    assert many["dice_low"] < many["dice"] < many["dice_high"]
    # One case says nothing of how cases differ.
    assert (y["dice_sd"], y["dice_low"], y["dice_high"]) == (None, None, None)
    assert (x["hd95"], x["nsd"], x["unit"], x["hd95_missing"]) == (None, None, None, 0)
    json.dumps([x, y, everything], allow_nan=False)


def bordered(case: str, hd95: float | None, unit: str = "mm", truth: int = 4) -> Score:
    return Score(case, "x", 1, truth, 4, 2, Surface(hd95, 0.0 if hd95 is None else 0.5, unit, 2, int(hd95 is None)))


def test_a_distance_that_is_undefined_is_counted_and_left_out() -> None:
    (row,) = summarise([bordered("a", 2.0), bordered("b", 4.0), bordered("c", None), bordered("d", 0.0, truth=0)])
    assert (row["hd95"], row["hd95_missing"], row["unit"]) == (2.0, 1, "mm")
    assert row["hd95_positive"] == 3.0
    assert row["hd95_sd"] == pytest.approx(2.0)
    assert row["nsd"] == pytest.approx(1.5 / 4)
    assert row["nsd_positive"] == pytest.approx(1.0 / 3)


def test_millimetres_and_pixels_have_no_common_mean() -> None:
    (row,) = summarise([bordered("a", 2.0), bordered("b", 4.0, "px")])
    assert (row["unit"], row["hd95"], row["hd95_positive"], row["hd95_low"]) == ("mixed", None, None, None)
    assert row["nsd"] == 0.5


def test_the_interval_over_several_labels_is_over_cases() -> None:
    rows = [Score(str(case), "x", 1, 4, 4, case % 5) for case in range(20)]
    twice = [*rows, *(Score(row.case, "y", 1, 4, 4, row.overlap) for row in rows)]
    alone, together = summarise(rows)[-1], summarise(twice)[-1]
    # The same cases seen twice tell nothing new.
    assert (together["dice_low"], together["dice_high"]) == pytest.approx((alone["dice_low"], alone["dice_high"]))


def volumes(folder: Path) -> Path:
    """Ten volumes of 6 slices, 24 × 32, of 0.5 × 0.8 × 4 mm; the label fills columns 8 to 15 of slices 1 to 4."""
    for number in range(10):
        voxels = np.random.default_rng(number).integers(0, 200, (6, 24, 32)).astype(np.int16)
        mask = np.zeros((6, 24, 32), np.uint8)
        mask[1:5, 6:18, 8:16] = 1
        for kind, values in (("images", voxels), ("labels", mask)):
            (folder / kind).mkdir(exist_ok=True, parents=True)
            image = sitk.GetImageFromArray(values)
            image.SetSpacing((0.8, 0.5, 4.0))
            sitk.WriteImage(image, str(folder / kind / f"v{number}.nii.gz"))
    return folder


@pytest.mark.parametrize(("slices", "dimensions", "undefined"), [("all", 3, 0), ("labelled", 2, 0)])
def test_volumes_in_millimetres(tmp_path: Path, slices: str, dimensions: int, undefined: int) -> None:
    """The answer lies 4 columns (3.2 mm) beside the truth in every slice that shows it."""
    values = {"folder": str(volumes(tmp_path)), "slices": slices, "empty_slices": 0}
    report = inspect(DataConfig.model_validate(values), 1, quiet, CancelToken())
    built = SliceDataset.build(report, "train", report.preprocess(Preprocess(size=32)), quiet, CancelToken())
    at = iter(range(len(built)))

    def beside(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.stack([np.roll(built.masks[next(at)], 4, axis=-1) for _ in images]).astype(np.float32)

    found = score(beside, built, 0.5, quiet, CancelToken(), "job", tolerance=3.3)
    assert len(found) == len(report.of_split("train"))
    for item in found:
        assert item.surface is not None
        assert item.surface.hd95 == pytest.approx(3.2, abs=0.05)
        assert item.surface.nsd == 1.0
        assert (item.surface.unit, item.surface.dimensions, item.surface.undefined) == ("mm", dimensions, undefined)
    at = iter(range(len(built)))
    assert all(item.nsd < 0.8 for item in score(beside, built, 0.5, quiet, CancelToken(), "job", tolerance=3.1))
