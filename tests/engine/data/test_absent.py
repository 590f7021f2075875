"""Pairs of an image and a label that it does not show: how many take part in tuning."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from engine.data.absent import taking_part
from engine.data.dataset import SliceDataset
from engine.data.loader import Loader
from engine.volumes.preprocess import Preprocess

COUNT, LABELS = 400, 3


@pytest.fixture
def dataset() -> SliceDataset:
    """The first label is in every image, the second in every fourth, the third in none; of image 5 nothing is known."""
    masks = np.zeros((COUNT, LABELS, 16, 16), np.uint8)
    masks[:, 0, 2:5, 2:5] = 1
    masks[::4, 1, 6:9, 6:9] = 1
    refs: Any = [SimpleNamespace()] * COUNT
    table: Any = SimpleNamespace(names=["a", "b", "c"])
    report: Any = None
    made = SliceDataset(np.zeros((COUNT, 16, 16, 3), np.uint8), masks, refs, table, Preprocess(size=16), report)
    made.present[5] = False
    return made


ALL = np.arange(COUNT, dtype=np.int64)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_of_absent_pairs(dataset: SliceDataset, share: float) -> None:
    part = taking_part(dataset, ALL, share, seed=1, epoch=1)
    shown = dataset.masks.any(axis=(2, 3))
    known = np.ones(COUNT, np.bool_)
    known[5] = False
    assert part[shown & known[:, None]].all()
    assert part[~shown & known[:, None]].mean() == pytest.approx(share, abs=0.05)
    assert not part[5].any()


def test_draws_depend_on_seed_epoch_and_position_alone(dataset: SliceDataset) -> None:
    together = taking_part(dataset, ALL, 0.5, 1, 2)
    assert np.array_equal(taking_part(dataset, ALL[[37, 3]], 0.5, 1, 2), together[[37, 3]])
    assert not np.array_equal(taking_part(dataset, ALL, 0.5, 1, 3), together)
    assert not np.array_equal(taking_part(dataset, ALL, 0.5, 2, 2), together)


def test_training_alone_leaves_pairs_out(dataset: SliceDataset, tmp_path: Path) -> None:
    training = Loader(dataset, 64, seed=3, training=True, absent_labels=0.0)
    validation = Loader(dataset, 64, seed=3, absent_labels=0.0)
    for batch in training.epoch(2):
        known = batch.positions != 5
        assert torch.equal(batch.present[known], batch.masks[known].flatten(2).any(dim=2))
    assert sum(int(batch.present.sum()) for batch in validation.epoch(2)) == (COUNT - 1) * LABELS
