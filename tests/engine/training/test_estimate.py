"""Seconds and bytes of a run, reckoned from those of a step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.contract.sizes import size
from engine.training.estimate import Estimate, Sizes, largest_batch, reckon
from engine.training.probe import Cost, Line

COST = Cost(step=Line(1.0, 0.5), check=Line(0.0, 0.1), encode=0.2, held=Line(1e6, 2e6), feature_bytes=1000)
SIZES = Sizes(train=10, val=4, batch=4, epochs=3)


def reckoned(sizes: Sizes = SIZES, at_once: int = 4, **more: int) -> Estimate:
    values: dict[str, Any] = {"resident": 5_000_000, "available": 10**9, "kept": 14_000, "disk": 0, **more}
    return reckon(COST, sizes, at_once=at_once, device="cpu", **values)


def test_an_epoch_is_its_batches() -> None:
    found = reckoned()
    later = 2 * (1 + 0.5 * 4) + (1 + 0.5 * 2) + 0.4  # two whole batches, one of two images; four images to check
    assert found.later_epoch == pytest.approx(later)
    encoded = 0.2 * (16 + 8)  # ten and four images, in batches of eight
    assert found.first_epoch == pytest.approx(later + encoded)
    assert found.total == pytest.approx(3 * later + encoded)
    assert found.memory == 5_000_000 + 14_000 + 9_000_000


def test_parts_cost_their_own_beginning_and_hold_less() -> None:
    found = reckoned(at_once=2)
    assert found.later_epoch == pytest.approx(5 * (1 + 0.5 * 2) + 0.4)
    assert found.memory == 5_000_000 + 14_000 + 5_000_000
    assert "2 of 4 images at a time" in found.in_words()


def test_views_and_changed_images_are_encoded_too() -> None:
    found = reckoned(Sizes(train=10, val=4, batch=4, epochs=3, views=2.2, anew=0.5, view_epochs=3))
    plain = reckoned()
    assert found.later_epoch - plain.later_epoch == pytest.approx(0.2 * 5)
    assert found.first_epoch - found.later_epoch == pytest.approx(0.2 * (16 + 8))
    # Twelve further views, six in each of the two later epochs that there are: a batch of eight each.
    assert found.total == pytest.approx(found.first_epoch + 2 * found.later_epoch + 0.2 * 16)


def test_an_epoch_without_images_costs_what_it_keeps() -> None:
    values: dict[str, Any] = {"at_once": 4, "resident": 0, "available": 10**9, "kept": 0, "disk": 0, "device": "cpu"}
    found = reckon(replace(COST, epoch=2.0), SIZES, **values)
    plain = reckon(COST, SIZES, **values)
    assert found.later_epoch - plain.later_epoch == pytest.approx(2.0)
    assert found.total - plain.total == pytest.approx(3 * 2.0)


def test_words() -> None:
    told = reckoned(disk=3_000_000).in_words()
    assert told == "At most 30 s: 13 s for the first epoch, 8.4 s for each of 2 more; 14 MB of memory; 3 MB on disk."
    assert "each of" not in reckoned(Sizes(10, 4, 4, 1)).in_words()


def test_sizes() -> None:
    assert (size(1.24e9), size(3.4e8), size(10)) == ("1.2 GB", "340 MB", "1 MB")


@pytest.mark.parametrize(("room", "train", "batch"), [(1e9, 1000, 64), (1e9, 50, 50), (1e12, 5000, 1024), (1, 9, 1)])
def test_the_largest_batch_is_a_power_of_two_or_all(room: float, train: int, batch: int) -> None:
    cost = Cost(Line(0, 1), Line(0, 1), 0.0, Line(1e8, 1e7), 0)
    assert largest_batch(cost, room, train) == batch
