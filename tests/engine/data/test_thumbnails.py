"""Thumbnails: small, coloured by label, at most as many as asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.data.config import LabelConfig
from engine.data.findings import DatasetReport
from engine.data.labels import LabelTable
from engine.data.thumbnails import Sketch, draw


def test_label_colours_and_outline() -> None:
    stored = np.zeros((20, 20), np.uint8)
    stored[4:12, 4:12] = 1
    stored[14:18, 14:18] = 2
    table = LabelTable(
        (
            LabelConfig(value=1, name="a", phrase="a", colour="#ff0000"),
            LabelConfig(value=2, name="b", phrase="b", colour="#0000ff"),
        )
    )
    drawn = np.asarray(draw(Sketch(np.full((20, 20, 3), 100, np.uint8), (stored,)), table))
    assert drawn[4, 4].tolist() == [255, 0, 0]
    assert drawn[14, 14].tolist() == [0, 0, 255]
    assert drawn[8, 8].tolist() == [154, 65, 65]
    assert drawn[0, 0].tolist() == [100, 100, 100]


def test_at_most_so_many_spread_over_the_cases(
    tmp_path: Path, make: Any, inspected: Callable[..., DatasetReport]
) -> None:
    report = inspected(make.pairs(tmp_path / "set", 9), thumbnails=tmp_path / "thumbs", most=3)
    assert [item.case_id for item in report.thumbnails] == ["c0", "c4", "c8"]
    assert sorted(path.name for path in (tmp_path / "thumbs").iterdir()) == sorted(
        item.path for item in report.thumbnails
    )


def test_large_pictures_shrink_and_volumes_show_the_fullest_slice(
    tmp_path: Path, make: Any, inspected: Callable[..., DatasetReport]
) -> None:
    make.save(tmp_path / "big/images/a.png", make.picture(400, 200))
    make.save(tmp_path / "big/masks/a.png", make.disc(400, 200))
    report = inspected(tmp_path / "big", thumbnails=tmp_path / "big-thumbs")
    with Image.open(tmp_path / "big-thumbs" / report.thumbnails[0].path) as drawn:
        assert drawn.size == (80, 160)
    report = inspected(make.volumes(tmp_path / "ct", 3), thumbnails=tmp_path / "ct-thumbs")
    drawn_ct = np.asarray(Image.open(tmp_path / "ct-thumbs" / report.thumbnails[0].path)).astype(int)
    colours = [tuple(int(label.colour[at : at + 2], 16) for at in (1, 3, 5)) for label in report.labels]
    assert all((drawn_ct == colour).all(axis=2).any() for colour in colours)


def test_file_names_tell_nothing_of_the_case(
    tmp_path: Path, make: Any, inspected: Callable[..., DatasetReport]
) -> None:
    make.pair(tmp_path / "set/images/Jane Doe.png", tmp_path / "set/masks/Jane Doe.png")
    report = inspected(tmp_path / "set", thumbnails=tmp_path / "thumbs")
    assert report.thumbnails[0].path == "0000.png"
