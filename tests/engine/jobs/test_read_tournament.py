"""A tournament as the window reads it, before it begins and with some cells done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.contract.control import CancelToken
from engine.contract.jobs import ReadTournament
from engine.jobs import read_tournament
from engine.tournament.matrix import cells, read_matrix
from engine.tournament.results import CellResult


@pytest.fixture
def matrix(tiny_weights: Path, tmp_path: Path) -> Path:
    path = tmp_path / "matrix.yaml"
    values: dict[str, Any] = {
        "version": 1,
        "name": "two rows",
        "models": [str(tiny_weights)],
        "strategies": ["zero_shot", {"name": "vpt", "sweep": {"prompt_depth": [2, 11]}}],
        "datasets": {"polyps": {"sample": "polyps"}},
        "training": {"epochs": 2},
    }
    path.write_text(yaml.safe_dump(values))
    return path


def read(matrix: Path, out: Path, *, foresee: bool = False) -> dict[str, Any]:
    return read_tournament.run(ReadTournament(str(matrix), str(out), foresee), lambda _: None, CancelToken(), "job")


def test_nothing_is_written_and_impossible_cells_are_foreseen(matrix: Path, tmp_path: Path) -> None:
    found = read(matrix, tmp_path / "out")
    assert [cell["state"] for cell in found["cells"]] == ["waiting"] * 3
    assert found["synthetic"] == ["polyps"]
    found = read(matrix, tmp_path / "out", foresee=True)
    assert {cell["row"]: cell["state"] for cell in found["cells"]} == {
        "zero_shot": "waiting", "vpt@prompt_depth=2": "waiting", "vpt@prompt_depth=11": "impossible",
    }  # fmt: skip
    assert "prompt_depth" in next(cell["why"] for cell in found["cells"] if cell["state"] == "impossible")
    assert not (tmp_path / "out").exists()


def test_cells_that_ended_are_told(matrix: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, second, _ = cells(read_matrix(matrix))
    about = {"dataset": first.dataset, "model": first.model, "seed": first.seed}
    CellResult(**about, row=first.row.id, strategy="zero_shot", state="done", dice=0.5).write(out / first.folder)
    CellResult(**about, row=second.row.id, strategy="vpt", state="failed", why="No disk.").write(out / second.folder)
    found = read(matrix, out)
    assert [(cell["state"], cell["dice"], cell["why"]) for cell in found["cells"]] == [
        ("done", 0.5, ""), ("failed", None, "No disk."), ("waiting", None, ""),
    ]  # fmt: skip
    assert found["shown"]
    assert all(table["bold"] == [] for table in found["shown"]), "nothing is the best without scores"
