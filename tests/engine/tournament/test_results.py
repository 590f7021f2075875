"""Means and comparisons of a tournament whose scores are known, and tables whose names are odd."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.contract.whole_file import write_text
from engine.tournament.matrix import Cell, Matrix, cells
from engine.tournament.results import CellResult, Results
from engine.tournament.tables import tables, write_tables

HEAD = "case,label,dice,iou,slices,truth_pixels,answer_pixels"


def matrix_of(datasets: int = 1, rows: tuple[str, ...] = ("coop", "vpt", "maple"), name: str = "t") -> Matrix:
    return Matrix.model_validate(
        {
            "name": name,
            "strategies": list(rows),
            "datasets": {f"set{at}": {"folder": "x", "group": "natural"} for at in range(datasets)},
        }
    )


def played(folder: Path, matrix: Matrix, dice: Callable[[Cell], list[float] | None]) -> Results:
    """`dice`: the scores of a cell's test cases, None where it is impossible."""
    for cell in cells(matrix):
        values = dice(cell)
        place = folder / cell.folder
        about = (cell.dataset, cell.model, cell.row.id, cell.row.strategy, cell.seed)
        if values is None:
            CellResult(*about, state="impossible", why="=cmd|x").write(place)
            continue
        lines = [f"c{at:03d},a,{value},{value},1,10,10" for at, value in enumerate(values)]
        write_text(place / "scores.csv", "\n".join([HEAD, *lines]) + "\n")
        CellResult(*about, state="done", scores=f"{cell.folder}/scores.csv", learned=100).write(place)
    return Results(folder, matrix)


def test_a_line_that_lacks_a_dataset_has_no_mean_of_all(tmp_path: Path) -> None:
    """Its mean over the easy ones alone would look best."""

    def dice(cell: Cell) -> list[float] | None:
        if cell.row.id == "vpt" and cell.dataset == "set1":
            return None
        return [0.9 if cell.dataset == "set0" else 0.3] * 12

    found = played(tmp_path, matrix_of(2), dice)
    means = {mean["row"]: mean for mean in found.group_means()}
    assert means["coop"]["all"] == pytest.approx(0.6)
    assert math.isnan(means["vpt"]["all"])
    by_group = next(table for table in tables(found) if table.title == "Dice by group of datasets")
    assert {row for row, _ in by_group.bold} == {0, 2}  # both of the two that are alike, and not the one that lacks one


def test_the_best_of_many_equal_lines_is_seldom_called_different(tmp_path: Path) -> None:
    """Twelve lines of one quality: the best of them is chosen by the scores that it is compared by."""
    names = [f"row{at:02d}" for at in range(12)]
    matrix = Matrix.model_validate(
        {
            "strategies": [{"name": "vpt", "variant": name} for name in names],
            "datasets": {"set0": {"folder": "x"}},
        }
    )
    wrong = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        found = played(tmp_path / str(seed), matrix, lambda _: list(np.clip(random.normal(0.7, 0.1, 40), 0, 1)))  # noqa: B023
        pairs = found.comparisons()
        assert len(pairs) == 11
        wrong += any(pair["verdict"] == "different" for pair in pairs)
    assert wrong <= 4  # 5 % of 20 is 1; a bootstrap of 40 cases is a little too sure


def test_models_on_one_dataset_are_not_counted_as_datasets(tmp_path: Path) -> None:
    matrix = matrix_of(2).model_copy(update={"models": tuple(f"m{at}" for at in range(6))})
    found = played(tmp_path, matrix, lambda cell: [0.5 + 0.1 * (cell.row.id == "vpt")] * 12)
    text, _ = found.kinds()
    assert text["places"] == 12
    assert text["second_dice"] - text["first_dice"] == pytest.approx(0.1)
    assert text["verdict"] == "too few datasets"


def test_odd_names_harm_no_format(tmp_path: Path) -> None:
    matrix = matrix_of(1, ("coop", "vpt"), name="<script>&_%|*").model_copy(update={"models": ("=1+1|<b>_&%$#",)})
    found = played(tmp_path, matrix, lambda cell: None if cell.row.id == "vpt" else [0.5] * 12)
    paths = write_tables(found, tmp_path / "out")
    rows = list(csv.DictReader(Path(paths["csv"]).read_text().splitlines()))
    assert {row["model"][:2] for row in rows} == {"'="}
    assert rows[1]["why"].startswith("'=")
    web, marked = Path(paths["html"]).read_text(), Path(paths["md"]).read_text()
    assert "<script>" not in web + marked
    assert "<b>" not in web + marked
    assert "=1+1\\|&lt;b&gt;_&amp;" in marked
    assert r"=1+1\textbar{}\textless{}b\textgreater{}\_\&\%\$\#" in Path(paths["tex"]).read_text()


def test_weights_in_a_folder_are_called_by_its_name(tmp_path: Path) -> None:
    """A path says where a user keeps things, and tables are shown to others."""
    matrix = matrix_of().model_copy(update={"models": ("/where/someone/keeps/tiny",)})
    found = tables(played(tmp_path, matrix, lambda cell: [0.5 + 0.1 * len(cell.row.id) / 9] * 12))
    said = " ".join(str(one) for table in found for row in table.rows for one in row)
    assert "tiny" in said
    assert "someone" not in said
