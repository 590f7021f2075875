"""Grey values of a dataset, whatever its kinds and sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.findings import DatasetReport
from engine.data.grey_histogram import grey_histogram, grey_statistics

Inspected = Callable[..., DatasetReport]


def test_shares_are_those_of_the_values() -> None:
    dark, light = np.full((1, 40, 64), 10, np.uint8), np.full((1, 400, 640, 3), 200, np.uint8)
    found = grey_statistics([grey_histogram(dark), grey_histogram(light)])
    assert found is not None
    assert (found["edges"][0], found["edges"][-1], found["cases"]) == (0, 256, 2)
    # Each case counts alike, though one has three hundred times the values.
    held = {at: share for at, share in enumerate(found["shares"]) if share > 0}
    assert held == {10 // 4: pytest.approx(0.5), 200 // 4: pytest.approx(0.5)}
    assert found["beyond"] == pytest.approx(0, abs=1e-9)


def test_a_few_extreme_values_do_not_widen_the_range() -> None:
    rng = np.random.default_rng(1)
    scan = rng.normal(40, 30, (20, 64, 64)).astype(np.int16)
    scan[0, :8, :8] = -1000
    scan[5, 3, 3] = 32767
    found = grey_statistics([grey_histogram(scan)])
    assert found is not None
    assert found["unit"] == "HU"
    assert -1001 < found["edges"][0] < 0
    assert found["edges"][-1] < 300
    assert sum(found["shares"]) + found["beyond"] == pytest.approx(1)
    expected, _ = np.histogram(scan, bins=found["edges"])
    assert np.abs(np.array(found["shares"]) - expected / scan.size).max() < 0.02


def test_flat_and_empty_scans() -> None:
    flat = grey_statistics([grey_histogram(np.full((2, 8, 8), 7.5, np.float32))])
    assert flat is not None
    assert sum(flat["shares"]) == pytest.approx(1)
    assert grey_histogram(np.full((1, 4, 4), np.nan, np.float32)) is None
    assert grey_statistics([None]) is None


def test_a_report_brings_it_with_the_window_and_the_sizes_of_each_split(
    tmp_path: Path, make: Any, inspected: Inspected
) -> None:
    report = inspected(make.volumes(tmp_path, 4), split={"train": 0.5, "val": 0.25, "test": 0.25}).to_dict()
    assert report["statistics"]["grey"]["unit"] == "HU"
    assert report["grey_levels"]["limits"] == [-160, 240]
    sizes = report["statistics"]["areas"][0]["sizes"]
    assert {split: sum(counts) for split, counts in sizes.items()} == {"train": 2, "val": 1, "test": 1}
    edges = report["statistics"]["size_edges"]
    share = 5 * 36 / (20 * 24 * 32)
    (place,) = {at for counts in sizes.values() for at, count in enumerate(counts) if count}
    assert edges[place] <= share < edges[place + 1]
