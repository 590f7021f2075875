"""What a row depends on: each part of the key matters, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.cache import key
from engine.data.cache.key import case_content, dataset_key, digest, settings_key
from engine.data.config import LabelConfig
from engine.data.labels import LabelTable
from engine.volumes.geometry import Geometry
from engine.volumes.preprocess import Preprocess, Window

STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
TURNED = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)


def _geometry(direction: Any = STRAIGHT, spacing: Any = (1.0, 1.0, 1.0)) -> Geometry:
    return Geometry(spacing, (0.0, 0.0, 0.0), direction)


def _table(*values: int, kind: Any = "values", phrase: str = "x") -> LabelTable:
    return LabelTable(tuple(LabelConfig(value=value, name=f"n{value}", phrase=phrase) for value in values), kind)


CONTENT: dict[str, Any] = {"scan": "s", "dtype": np.dtype("u1"), "geometry": _geometry(), "masks": "m", "void": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"scan": "other"},
        {"dtype": np.dtype("i1")},
        {"geometry": None},
        {"geometry": _geometry(TURNED)},
        {"masks": ""},
        {"void": "v"},
    ],
    ids=str,
)
def test_other_content(change: dict[str, Any]) -> None:
    assert case_content(**{**CONTENT, **change}) != case_content(**CONTENT)


def test_spacing_moves_no_pixel() -> None:
    assert case_content(**{**CONTENT, "geometry": _geometry(spacing=(2.0, 2.0, 5.0))}) == case_content(**CONTENT)


def test_shape_counts() -> None:
    assert digest(np.zeros((2, 3))) != digest(np.zeros((3, 2)))
    assert digest(np.arange(12).reshape(3, 4).T) == digest(np.ascontiguousarray(np.arange(12).reshape(3, 4).T))


SETTINGS: tuple[Any, ...] = (Preprocess(size=64), "axial", _table(1, 2))
OTHERS: list[tuple[Any, ...]] = [
    (Preprocess(size=65), "axial", _table(1, 2)),
    (Preprocess(size=64, resample="bilinear"), "axial", _table(1, 2)),
    (Preprocess(size=64, intensity="percentile"), "axial", _table(1, 2)),
    (Preprocess(size=64, lower=1), "axial", _table(1, 2)),
    (Preprocess(size=64, intensity="window", window=Window(center=1, width=2)), "axial", _table(1, 2)),
    (Preprocess(size=64), "coronal", _table(1, 2)),
    (Preprocess(size=64), "axial", _table(2, 1)),
    (Preprocess(size=64), "axial", _table(1)),
    (Preprocess(size=64), "axial", _table(1, 2, kind="binary")),
]


def test_settings() -> None:
    assert len({settings_key(*given) for given in [SETTINGS, *OTHERS]}) == 1 + len(OTHERS)
    other_words = (Preprocess(size=64, mean=(0.1, 0.1, 0.1)), "axial", _table(1, 2, phrase="y"))
    assert settings_key(*other_words) == settings_key(*SETTINGS)


@pytest.mark.parametrize(("where", "name"), [(key, "FORMAT"), (key.PIL, "__version__")])
def test_versions(where: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_key(*SETTINGS)
    monkeypatch.setattr(where, name, "another")
    assert settings_key(*SETTINGS) != before


def test_a_dataset_is_not_named(tmp_path: Path) -> None:
    assert dataset_key(tmp_path) == dataset_key(tmp_path / "x" / "..")
    assert dataset_key(tmp_path) != dataset_key(tmp_path / "x")
    assert tmp_path.name not in dataset_key(tmp_path)
