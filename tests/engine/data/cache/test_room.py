"""The size of the cache: what goes first, what stays, what is shown."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import OutOfRange
from engine.data.cache.owner import own_name, owner_lives
from engine.data.cache.pack import PackWriter, RowFacts
from engine.data.cache.room import LIMIT, ONCE, Room, UseMark

STRIDE = 1000


def _pack(folder: Path, seed: int, used: float, dataset: str = "d") -> Path:
    writer = PackWriter(folder / "settings", STRIDE, {"dataset": dataset, "size": 16, "plane": "axial"}, 10_000)
    row = np.random.default_rng(seed).integers(0, 255, STRIDE, dtype=np.uint8)
    writer.add(row, RowFacts(f"case{seed}", 0, (4, 4), (1,)))
    writer.finish()
    path = writer.packs[0].path
    os.utime(path, (used, used))
    return path


def _size(path: Path) -> int:
    return path.stat().st_size


def test_the_least_recently_used_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, middle = (_pack(tmp_path, seed, used) for seed, used in ((1, 100.0), (2, 300.0), (3, 200.0)))
    monkeypatch.setenv(LIMIT, str((3 * _size(old) + 10) / 1e9))
    room = Room(tmp_path)
    assert room.make(_size(old), ())
    assert [path.exists() for path in (old, middle, new)] == [False, True, True]


def test_nothing_goes_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = [_pack(tmp_path, seed, 100.0) for seed in range(3)]
    monkeypatch.setenv(LIMIT, str(_size(packs[0]) * 3 / 1e9))
    assert not Room(tmp_path).make(_size(packs[0]) * 4, ())
    assert all(path.exists() for path in packs)


def test_what_is_used_or_wanted_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used, wanted, free = (_pack(tmp_path, seed, 100.0 + seed) for seed in range(3))
    mark = UseMark(tmp_path)
    mark.set([used])
    monkeypatch.setenv(LIMIT, str((3 * _size(free) + 10) / 1e9))
    room = Room(tmp_path)
    assert room.make(_size(free), [wanted])
    assert used.exists()
    assert wanted.exists()
    assert not free.exists()
    in_use, rest = _size(used), _size(wanted)
    assert not room.make(3 * in_use, ())
    assert room.clear() == (rest, in_use)
    mark.remove()
    assert room.clear() == (in_use, 0)


def test_clearing_one_dataset(tmp_path: Path) -> None:
    one, other = _pack(tmp_path, 1, 1.0, "aa"), _pack(tmp_path, 2, 2.0, "bb")
    Room(tmp_path).clear("aa")
    assert not one.exists()
    assert other.exists()


def test_what_the_dead_left_is_swept(tmp_path: Path) -> None:
    alive = own_name()
    host = alive.split("-")[0]
    dead = f"{host}-4194999-1000-0123abcd"  # beyond the largest process id of Linux
    (tmp_path / "settings").mkdir()
    (tmp_path / "in-use").mkdir()
    for name in (alive, dead):
        (tmp_path / "in-use" / name).write_text("[]")
        (tmp_path / "settings" / f".writing-{name}").write_bytes(b"half")
        (tmp_path / f"{ONCE}{name}").mkdir()
    Room(tmp_path).sweep()
    left = sorted(path.name for path in tmp_path.rglob("*") if "-" in path.name and path.name != "in-use")
    assert left == sorted([alive, f".writing-{alive}", f"{ONCE}{alive}"])


def test_a_process_id_that_is_used_again(tmp_path: Path) -> None:
    host, pid, started, rest = own_name().split("-")
    assert owner_lives(Path(f"{host}-{pid}-{started}-{rest}"))
    assert not owner_lives(Path(f"{host}-{pid}-{int(started) - 1000}-{rest}"))
    # Of another machine's processes only their files' age is known.
    other = tmp_path / f"00000000-{pid}-{started}-{rest}"
    other.write_text("")
    assert owner_lives(other)
    os.utime(other, (1.0, 1.0))
    assert not owner_lives(other)


def test_the_summary(tmp_path: Path) -> None:
    first, second = _pack(tmp_path, 1, 100.0, "aa"), _pack(tmp_path, 2, 300.0, "aa")
    _pack(tmp_path, 3, 200.0, "bb")
    (tmp_path / "settings" / "broken.pack").write_bytes(b"no pack")
    rows = {row["dataset"]: row for row in Room(tmp_path).summary()}
    assert rows["aa"]["slices"] == 2
    assert rows["aa"]["bytes"] == _size(first) + _size(second)
    assert rows["aa"]["used"] == 300.0
    assert rows["bb"]["pixels"] == 16
    assert rows[""]["bytes"] == 7


@pytest.mark.parametrize("given", ["much", "-1", "nan", "inf"])
def test_a_limit_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(LIMIT, given)
    with pytest.raises(OutOfRange, match=LIMIT):
        Room(tmp_path).limit()


def test_the_limit_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT, raising=False)
    usage = type("Usage", (), {"free": 8_000_000_000})()
    monkeypatch.setattr("engine.data.cache.room.shutil.disk_usage", lambda folder: usage)
    assert Room(tmp_path).limit() == 2_000_000_000
