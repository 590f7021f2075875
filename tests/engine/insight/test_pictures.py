from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.events import Log
from engine.insight.pictures import of_folder, spread_over
from engine.volumes.preprocess import Preprocess

BASE = Preprocess(size=32)


@dataclass(frozen=True)
class Finding:
    name: str
    slices: dict[str, tuple[int, ...]]


def write(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 30, 3), shade, np.uint8)).save(path)


def test_every_case_gives_one_slice_before_any_gives_two() -> None:
    findings: list[Any] = [Finding(str(n), {"train": tuple(range(10 * n, 10 * n + n + 1))}) for n in range(6)]
    chosen = spread_over(findings, ("train", "val"), 8, seed=1)
    counts = {item.name: len(item.slices["train"]) for item in chosen}  # type: ignore[attr-defined]
    assert len(counts) == 6
    assert sum(counts.values()) == 8
    assert max(counts.values()) == 2
    assert [item.slices for item in chosen] == [item.slices for item in spread_over(findings, ("train",), 8, seed=1)]


def test_the_test_split_is_left_alone_and_parts_of_a_volume_count_once() -> None:
    findings: list[Any] = [Finding("a", {"train": (0, 1), "val": (1, 2), "test": (3,)}), Finding("b", {"test": (0,)})]
    (only,) = spread_over(findings, ("train", "val"), 100, seed=0)
    assert only.slices == {"train": (0, 1, 2)}


def test_a_folder_of_plain_pictures_needs_no_masks(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / "photos" / f"p{number}.png", 40 * number)
    write(tmp_path / "photos" / "p1_mask.png", 255)
    write(tmp_path / "photos" / "masks" / "p2.png", 255)
    (tmp_path / "photos" / "broken.png").write_bytes(b"no picture")
    events: list[Any] = []
    found = of_folder(tmp_path / "photos", BASE, events.append, CancelToken(), "t")
    assert found.cases == ("p0.png", "p1.png", "p2.png", "p3.png", "p4.png")
    assert found.images.shape == (5, 32, 32, 3)
    assert [int(image.mean()) for image in found.images] == [0, 40, 80, 120, 160]
    assert any("broken.png" in event.message for event in events if isinstance(event, Log))


def test_of_a_large_folder_some_are_looked_at(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / f"p{number:02d}.png", number)
    found = of_folder(tmp_path, BASE, lambda event: None, CancelToken(), "t", most=7)
    again = of_folder(tmp_path, BASE, lambda event: None, CancelToken(), "t", most=7)
    assert len(found) == 7
    assert found.cases == again.cases


def test_an_empty_or_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        of_folder(tmp_path / "nowhere", BASE, lambda event: None, CancelToken(), "t")
    with pytest.raises(InputError, match="no picture that can be read"):
        of_folder(tmp_path, BASE, lambda event: None, CancelToken(), "t")
