"""A matrix: rows, sweeps, cells, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.contract.errors import OutOfRange, RecipeError
from engine.tournament.matrix import cells, read_matrix, recipe_values, rows

PRESETS = Path(__file__).resolve().parents[3] / "resources" / "presets" / "benchmarks"


def written(folder: Path, **changes: Any) -> Path:
    values: dict[str, Any] = {
        "version": 1,
        "strategies": ["zero_shot", {"name": "vpt", "sweep": {"prompt_depth": [1, 3]}}],
        "datasets": {"polyps": {"sample": "polyps"}, "own": {"folder": "images", "group": "radiology"}},
    }
    path = folder / "matrix.yaml"
    path.write_text(yaml.safe_dump({**values, **changes}, sort_keys=False))
    return path


def test_sweeps_become_rows_and_folders_are_read_from_the_files_place(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    matrix = read_matrix(written(tmp_path, seeds=[1, 2]))
    assert [row.id for row in rows(matrix)] == ["zero_shot", "vpt@prompt_depth=1", "vpt@prompt_depth=3"]
    every = cells(matrix)
    assert len(every) == 2 * 3 * 2
    assert every[0].folder == "cells/polyps/starter/zero_shot/1"
    assert len({cell.folder for cell in every}) == len(every)
    assert matrix.datasets["own"].folder == str(tmp_path / "images")
    values = recipe_values(matrix, every[-1], "clipseg", "/data")
    assert values["strategy"] == {"name": "vpt", "prompt_depth": 3}
    assert values["data"]["folder"] == "/data"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"datasets": {"polyps": {}}}, "datasets"),
        ({"datasets": {"../up": {"folder": "x"}}}, "datasets"),
        ({"strategies": []}, "strategies"),
        ({"strategies": ["vpt", "vpt"]}, "strategies"),
        ({"seeds": ["one"]}, "seeds"),
        ({"search": {"trials": 0}}, "search.trials"),
        ({"datasets": {"polyps": {"sample": "polyps", "group": "plants"}}}, "datasets"),
        ({"budget": 3}, "budget"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read_matrix(written(tmp_path, **changes))
    assert (caught.value.field or "").startswith(field)
    assert isinstance(caught.value, OutOfRange) or field == "budget"


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_presets_are_whole(path: Path) -> None:
    assert cells(read_matrix(path))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"models": ["/a/w", "/b/w"]}, "models"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"datasets": {"A": {"sample": "polyps"}, "a": {"sample": "liver-ct"}}}, "datasets"),
    ],
)
def test_two_that_would_share_a_folder_of_results_are_refused(
    tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(OutOfRange, match="share one folder") as caught:
        read_matrix(written(tmp_path, **changes))
    assert caught.value.field == field
