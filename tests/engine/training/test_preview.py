"""The sheet of validation images: which are shown, and where truth and answer lie on it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from engine.data.dataset import SliceDataset, SliceRef
from engine.training.preview import SIDE, Pictures, worth_showing
from engine.volumes.preprocess import Preprocess

SIZE = 16


def dataset(cases: list[str], marked: list[int]) -> SliceDataset:
    """Grey images; of each, the first so many rows are marked."""
    images = np.full((len(cases), SIZE, SIZE, 3), 100, np.uint8)
    masks = np.zeros((len(cases), 1, SIZE, SIZE), np.uint8)
    for at, rows in enumerate(marked):
        masks[at, 0, :rows] = 1
    refs = [SliceRef(SimpleNamespace(case=SimpleNamespace(case_id=case)), 0, (SIZE, SIZE)) for case in cases]  # type: ignore[arg-type]
    unused: Any = None
    return SliceDataset(images, masks, refs, unused, Preprocess(size=SIZE), unused)


def test_each_case_shows_its_best_slice_before_others_come_twice() -> None:
    split = dataset(["a", "a", "a", "b", "b", "c"], [1, 5, 3, 0, 2, 4])
    assert worth_showing(split, most=3) == [1, 4, 5]
    assert worth_showing(split, most=4) == [1, 2, 4, 5]
    assert worth_showing(split, most=9) == [0, 1, 2, 3, 4, 5]


def test_truth_is_above_the_answer_below() -> None:
    split = dataset(["a", "b"], [8, 4])
    pictures = Pictures(split, ["#ff0000"])
    logits = torch.full((2, 1, SIZE, SIZE), -1.0)
    logits[1, 0, :, :8] = 1.0  # the answer of the second image: its left half
    pictures.take(torch.tensor([0, 1]), logits)
    sheet = pictures.sheet()
    assert sheet.shape == (2 * SIDE, 2 * SIDE, 3)
    red = sheet[..., 0] > sheet[..., 1]
    truth, answer = red[:SIDE, SIDE:], red[SIDE:, SIDE:]
    assert truth[0].all()
    assert not truth[SIDE // 4 :].any()
    assert answer[:, : SIDE // 2].all()
    assert not answer[:, SIDE // 2 :].any()
    assert not red[SIDE:, :SIDE].any()
