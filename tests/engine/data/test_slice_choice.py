"""Slices of a volume: those with labels, a few empty ones, and slabs of a lone volume."""

from __future__ import annotations

import pytest

from engine.data.config import DataConfig, SplitConfig
from engine.data.slice_choice import chosen_slices, slabs


def _chosen(labelled: range | list[int], total: int = 100, seed: int = 1, **settings: object) -> tuple[int, ...]:
    return chosen_slices(list(labelled), total, DataConfig.model_validate(settings), "case", seed)


def test_labelled_ones_and_a_share_of_empty_ones() -> None:
    chosen = _chosen(range(30, 50), empty_slices=0.5)
    assert set(range(30, 50)) <= set(chosen)
    assert len(chosen) == 30
    assert list(chosen) == sorted(chosen)
    assert _chosen(range(30, 50), empty_slices=0.5) == chosen
    assert _chosen(range(30, 50), empty_slices=0.5, seed=2) != chosen


def test_thinned() -> None:
    assert _chosen(range(30, 50), empty_slices=0, each_nth=5) == (30, 35, 40, 45)
    assert _chosen([33], empty_slices=0, each_nth=10) == (33,)
    assert _chosen([], slices="all", each_nth=25) == (0, 25, 50, 75)


def test_a_case_without_labels_keeps_something() -> None:
    assert len(_chosen([], empty_slices=0)) == 1
    assert _chosen([], total=1) == (0,)


def test_no_more_empty_ones_than_there_are() -> None:
    assert _chosen(range(0, 98), empty_slices=5) == tuple(range(100))


@pytest.mark.parametrize("labelled", [range(0), range(5, 6), range(5, 7), range(3, 90), range(90, 100)])
@pytest.mark.parametrize("test", [0.0, 0.2])
def test_slabs_are_neighbours_and_lose_nothing(labelled: range, test: float) -> None:
    config = SplitConfig(train=0.8 - test, val=0.2, test=test)
    parts = slabs(range(100), labelled, config)
    assert parts["train"] + parts["val"] + parts["test"] == tuple(range(100))
    assert parts["train"]
    assert parts["val"]
    assert bool(parts["test"]) == bool(test)
    if len(labelled) >= 3:
        for split, share in parts.items():
            assert bool(set(share) & set(labelled)) == bool(share), split
