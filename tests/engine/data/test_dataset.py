"""Slices at model size, the order of batches, random changes: all reproducible."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, DatasetIncomplete
from engine.data.dataset import SliceDataset
from engine.data.findings import DatasetReport
from engine.data.loader import Loader
from engine.volumes.preprocess import Preprocess, to_input

Inspected = Callable[..., DatasetReport]
SIZE = 32


def _built(report: DatasetReport, split: str = "train", **more: Any) -> SliceDataset:
    preprocess = report.preprocess(Preprocess(size=SIZE))
    return SliceDataset.build(report, split, preprocess, lambda event: None, CancelToken(), **more)


def test_samples_of_pictures(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path, 6))
    dataset = _built(report)
    assert len(dataset) == report.slice_count("train") == 4
    sample = dataset[0]
    assert sample.image.shape == (SIZE, SIZE, 3)
    assert sample.masks.shape == (1, SIZE, SIZE)
    assert sample.image.dtype == sample.masks.dtype == np.uint8
    assert set(np.unique(sample.masks)) == {0, 1}
    assert sample.present.all()
    assert sample.original_shape == (48, 64)
    assert sample.case_id in {"c0", "c1", "c2", "c3", "c4", "c5"}


def test_samples_of_volumes_keep_labels_apart(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    dataset = _built(inspected(make.volumes(tmp_path), empty_slices=0))
    by_slice = {sample.slice_index: sample for sample in (dataset[at] for at in range(7))}
    assert by_slice[5].masks.any(axis=(1, 2)).tolist() == [True, False]
    assert by_slice[8].masks.any(axis=(1, 2)).tolist() == [True, True]
    assert by_slice[11].masks.any(axis=(1, 2)).tolist() == [False, True]
    assert by_slice[5].original_shape == (24, 32)


def test_the_images_are_those_of_inference(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    torch = pytest.importorskip("torch")
    report = inspected(make.volumes(tmp_path))
    dataset = _built(report)
    batch = next(Loader(dataset, 3, seed=1).epoch(1))
    for row, original in zip(range(3), dataset.originals(CancelToken()), strict=False):
        expected = torch.from_numpy(to_input(original.image, dataset.preprocess, original.levels))
        assert torch.allclose(batch.images[row], expected, atol=1e-5)


def test_originals_come_in_order_at_their_own_size(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    dataset = _built(inspected(make.volumes(tmp_path)))
    found = list(dataset.originals(CancelToken()))
    assert [original.position for original in found] == list(range(len(dataset)))
    assert [(original.case_id, original.slice_index) for original in found] == [
        (sample.case_id, sample.slice_index) for sample in (dataset[at] for at in range(len(dataset)))
    ]
    assert found[0].masks.shape == (2, 24, 32)
    cases = {original.case_id for original in found}
    assert sum(int(original.masks[0].sum()) for original in found) == len(cases) * 5 * 36


def test_a_cancel_while_building(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path, 4))
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        SliceDataset.build(report, "train", Preprocess(size=SIZE), lambda event: None, token)


def test_a_file_that_vanished_since_the_inspection(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path, 4))
    victim = report.of_split("train")[0].case.image
    victim.unlink()
    with pytest.raises(DatasetIncomplete, match=f"images/{victim.name}: The file does not exist"):
        _built(report)


def test_epochs_are_reproducible_and_differ(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    dataset = _built(inspected(make.pairs(tmp_path, 24)))
    loader = Loader(dataset, 8, seed=3, training=True)
    again = Loader(dataset, 5, seed=3, training=True)
    assert len(loader) == -(-len(dataset) // 8)
    orders = [np.concatenate(list(loader.positions(epoch))) for epoch in (1, 2)]
    assert sorted(orders[0].tolist()) == list(range(len(dataset)))
    assert orders[0].tolist() != orders[1].tolist()
    assert np.concatenate(list(again.positions(2))).tolist() == orders[1].tolist()
    assert Loader(dataset, 8, seed=4, training=True).order(1).tolist() != orders[0].tolist()
    assert Loader(dataset, 8, seed=3).order(5).tolist() == list(range(len(dataset)))


def test_batches(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    torch = pytest.importorskip("torch")
    dataset = _built(inspected(make.pairs(tmp_path, 12)))
    batches = list(Loader(dataset, 4, seed=3, training=True).epoch(1))
    assert sum(len(batch) for batch in batches) == len(dataset)
    first = batches[0]
    assert first.images.shape == (4, 3, SIZE, SIZE)
    assert first.masks.shape == (4, 1, SIZE, SIZE)
    assert first.present.dtype == torch.bool
    assert first.images.dtype == first.masks.dtype == torch.float32
    position = int(first.positions[2])
    assert np.array_equal(first.masks[2].numpy(), dataset.masks[position])
    mean = torch.tensor(dataset.preprocess.mean)[:, None, None]
    std = torch.tensor(dataset.preprocess.std)[:, None, None]
    back = ((first.images[2] * std + mean) * 255).round().permute(1, 2, 0).numpy()
    assert np.array_equal(back, dataset.images[position])


def test_the_description_of_a_dataset_is_what_training_needs(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 4)
    table = [{"value": 1, "name": "polyp", "phrase": "a polyp"}]
    (tmp_path / "dataset.json").write_text(json.dumps({"name": "p", "labels": table}))
    dataset = _built(inspected(tmp_path))
    assert dataset.table.phrases == ["a polyp"]
    assert dataset.preprocess.size == SIZE
