"""Thumbnails: small, with the label values beside them, drawn once for the same files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.data.case_listing import list_cases
from engine.data.config import DataConfig, LabelConfig
from engine.data.slices import open_case
from engine.data.thumbnails import SIDE, draw, drawn, prune, stamp


def _config(folder: Path, **more: Any) -> DataConfig:
    return DataConfig.model_validate({"folder": str(folder), **more})


def test_large_pictures_shrink_with_their_mask(tmp_path: Path, make: Any) -> None:
    make.save(tmp_path / "set/images/a.png", make.picture(600, 300))
    make.save(tmp_path / "set/masks/a.png", make.disc(600, 300))
    config = _config(tmp_path / "set")
    (case,) = list_cases(config, 0).cases
    picture, mask = drawn(case, tmp_path / "set", config, tmp_path / "shelf")
    with Image.open(picture) as shown, Image.open(mask) as values:
        assert shown.size == values.size == (SIDE // 2, SIDE)
        share = (np.asarray(values) > 0).mean()
    assert abs(share - (make.disc(600, 300) > 0).mean()) < 0.01


def test_of_a_volume_the_slice_with_most_of_the_labels_in_the_table(tmp_path: Path, make: Any) -> None:
    folder = make.volumes(tmp_path / "ct", 1)
    for labels, expected in (((), {1, 2}), ((1,), {1}), ((2,), {2})):
        table = [LabelConfig(value=value, name=f"l{value}", phrase="x") for value in labels]
        config = _config(folder, labels=[label.model_dump() for label in table])
        listing = list_cases(config, 0)
        _, mask = draw(open_case(listing.cases[0], folder), config)
        assert expected <= set(np.unique(mask).tolist())


def test_it_is_drawn_again_only_where_a_file_changed(tmp_path: Path, make: Any) -> None:
    folder = make.pairs(tmp_path / "set", 1)
    config = _config(folder)
    (case,) = list_cases(config, 0).cases
    first, _ = drawn(case, folder, config, tmp_path / "shelf")
    written = first.stat().st_mtime_ns
    assert drawn(case, folder, config, tmp_path / "shelf")[0] == first
    assert first.stat().st_mtime_ns == written
    make.save(case.masks[0].path, make.disc(seed=9))
    os.utime(case.masks[0].path, ns=(1, 1))
    assert drawn(case, folder, config, tmp_path / "shelf")[0] != first


def test_each_volume_of_a_file_has_its_own(tmp_path: Path, make: Any) -> None:
    folder = make.pairs(tmp_path / "set", 1)
    config = _config(folder)
    (case,) = list_cases(config, 0).cases
    assert stamp(replace(case, volume=2), config) != stamp(case, config)


def test_file_names_tell_nothing_of_the_case(tmp_path: Path, make: Any) -> None:
    make.pair(tmp_path / "set/images/Jane Doe.png", tmp_path / "set/masks/Jane Doe.png")
    config = _config(tmp_path / "set")
    (case,) = list_cases(config, 0).cases
    assert set(stamp(case, config)) <= set("0123456789abcdef")
    picture, mask = drawn(case, tmp_path / "set", config, tmp_path / "shelf")
    assert picture.stem == mask.stem == stamp(case, config)


def test_the_oldest_go_when_there_is_too_much(tmp_path: Path) -> None:
    for number in range(8):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(bytes(100))
        os.utime(file, (number, number))
    prune(tmp_path, 800)
    assert len(list(tmp_path.iterdir())) == 8
    prune(tmp_path, 700)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{number}.jpg" for number in range(3, 8)]
