"""Scores of a split at the size of the original pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled
from engine.contract.events import Event
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.report import inspect
from engine.training.evaluate import Score, bootstrap_interval, score, scores_csv, summarise
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
    nothing = score(lambda images: 0 * left(images), dataset, 0.5, quiet, CancelToken(), "job")
    assert {(item.dice, item.iou, item.answer_pixels) for item in nothing} == {(0.0, 0.0, 0)}
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        score(left, dataset, 0.5, quiet, token, "job")


def test_dice_and_iou_of_a_case() -> None:
    half = Score("a", "x", 1, truth_pixels=4, answer_pixels=4, overlap=2)
    assert (half.dice, half.iou) == (0.5, pytest.approx(2 / 6))
    empty = Score("b", "x", 1, 0, 0, 0)
    assert (empty.dice, empty.iou) == (1.0, 1.0)
    rows = scores_csv([half, empty]).splitlines()
    assert rows[0] == "case,label,dice,iou,slices,truth_pixels,answer_pixels"
    assert rows[1] == "a,x,0.500000,0.333333,1,4,4"


def test_the_summary() -> None:
    scores = [Score("a", "x", 1, 4, 4, 2), Score("b", "x", 1, 0, 0, 0), Score("a", "y", 1, 2, 2, 2)]
    x, y, everything = summarise(scores)
    assert (x["label"], x["n"], x["dice"], x["dice_positive"]) == ("x", 2, 0.75, 0.5)
    assert (y["label"], y["dice"], everything["label"], everything["n"]) == ("y", 1.0, "all", 3)
    assert x["dice_low"] <= x["dice"] <= x["dice_high"]


def test_the_interval_over_several_labels_is_over_cases() -> None:
    rows = [Score(str(case), "x", 1, 4, 4, case % 5) for case in range(20)]
    twice = [*rows, *(Score(row.case, "y", 1, 4, 4, row.overlap) for row in rows)]
    alone, together = summarise(rows)[-1], summarise(twice)[-1]
    # The same cases seen twice tell nothing new.
    assert (together["dice_low"], together["dice_high"]) == pytest.approx((alone["dice_low"], alone["dice_high"]))


def test_the_interval_is_the_usual_one_for_many_cases() -> None:
    values = np.random.default_rng(0).normal(0.7, 0.1, 400)
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert low == pytest.approx(values.mean() - half, abs=0.002)
    assert high == pytest.approx(values.mean() + half, abs=0.002)
    assert all(math.isnan(value) for value in bootstrap_interval(np.array([])))
