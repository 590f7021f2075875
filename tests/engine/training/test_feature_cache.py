"""The cache on disk: whole entries, no more than allowed, the least used go first."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.training import feature_cache
from engine.training.feature_cache import FeatureCache, clear, kind_of, name_of, trim, usage


def content(value: int, size: int = 1000) -> np.ndarray:  # type: ignore[type-arg]
    return np.full(size, value, np.uint8)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    cache = FeatureCache("kind", 10**6, tmp_path)
    cache.write("aabb", content(7))
    found = cache.read("aabb", 1000)
    assert found is not None
    assert np.array_equal(found, content(7))
    assert FeatureCache("other", 10**6, tmp_path).read("aabb", 1000) is None
    assert cache.read("aabb", 999) is None  # another length is no entry
    assert usage(tmp_path).entries == 0  # and was damage


def test_the_least_used_go_first(tmp_path: Path) -> None:
    cache = FeatureCache("kind", 3500, tmp_path)
    for at in range(3):
        cache.write(f"{at:02d}name", content(at))
        os.utime(tmp_path / "kind" / f"{at:02d}" / "name", (1000 + at, 1000 + at))
    assert cache.read("00name", 1000) is not None  # counts as use
    cache.write("03name", content(3))
    cache.trim()
    assert [cache.read(f"{at:02d}name", 1000) is not None for at in range(4)] == [True, False, True, True]
    assert usage(tmp_path).bytes <= 3500


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    cache = FeatureCache("kind", 10**6, tmp_path)
    cache.write("aabb", content(1))
    for name, age in ((".writing-old", 10_000), (".writing-new", 0)):
        left = tmp_path / "kind" / "aa" / name
        left.write_bytes(b"half")
        changed = left.stat().st_mtime - age
        os.utime(left, (changed, changed))
    trim(tmp_path, 10**6)
    assert sorted(path.name for path in tmp_path.glob("kind/aa/*")) == [".writing-new", "bb"]


def test_more_than_the_limit_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = FeatureCache("kind", 10_000, tmp_path)
    monkeypatch.setattr(feature_cache, "_LEFT_FREE", 0)
    assert cache.room_for(9, 1000)
    assert not cache.room_for(10, 1000)  # entries have headers
    monkeypatch.setattr(feature_cache, "_LEFT_FREE", 10**18)
    assert not cache.room_for(1, 1000)


def test_a_folder_that_takes_nothing_costs_nothing_but_time(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    cache = FeatureCache("kind", 10**6, blocked)
    cache.write("aabb", content(1))
    assert cache.refused
    assert cache.read("aabb", 1000) is None
    cache.trim()
    assert usage(blocked).entries == 0


def test_names_tell_pixels_and_changes_apart() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    other = image.copy()
    other[3, 3, 2] = 1
    names = {name_of(image), name_of(other), name_of(image, b"turned"), name_of(image.reshape(2, 8, 3))}
    assert len(names) == 4
    assert name_of(image) == name_of(image.copy())
    assert kind_of(weights="a", numbers="x") == kind_of(numbers="x", weights="a") != kind_of(weights="b", numbers="x")


def test_clearing_empties_it(tmp_path: Path) -> None:
    cache = FeatureCache("kind", 10**6, tmp_path)
    cache.write("aabb", content(1))
    assert clear(tmp_path).entries == 1
    assert usage(tmp_path).entries == 0
    cache = FeatureCache("kind", 10**6, tmp_path)
    cache.write("aabb", content(1))
    assert usage(tmp_path).entries == 1
