"""A tournament as it stands, for the window's grid: every cell with what is known of it, the tables, the front."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, IncompatiblePair, OutOfRange
from engine.contract.jobs import ReadTournament
from engine.runs.layout import is_run
from engine.runs.studies import is_study, slug, tournaments_folder

if TYPE_CHECKING:
    from engine.tournament.matrix import Cell, Matrix
    from engine.tournament.results import CellResult, Results


def run(job: ReadTournament, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Writes nothing. Raises InputError and RecipeError for a matrix that cannot be read, Cancelled."""
    from engine.tournament.matrix import cells, read_matrix, rows
    from engine.tournament.results import Results
    from engine.tournament.tables import tables

    del emit, job_id
    matrix = read_matrix(Path(job.matrix))
    folder = Path(job.out) if job.out else tournaments_folder() / slug(matrix.name)
    results = Results(folder, matrix)
    told = []
    for cell in cells(matrix):
        cancel.check()
        known = results.cells.get(cell)
        why = _impossible(matrix, cell) if job.foresee and known is None else ""
        told.append(_told(cell, folder, known, why))
    return {
        "name": matrix.name,
        "folder": str(folder),
        "models": list(matrix.models),
        "rows": [row.id for row in rows(matrix)],
        "datasets": list(matrix.datasets),
        "seeds": list(matrix.seeds),
        "synthetic": [name for name, entry in matrix.datasets.items() if entry.sample],
        "training": dict(matrix.training),
        "trials": matrix.search.trials if matrix.search is not None else 0,
        "cells": told,
        "shown": [
            {
                "title": one.title,
                "note": one.note,
                "head": list(one.head),
                "rows": [list(row) for row in one.rows],
                "bold": [list(place) for place in sorted(one.bold)],
            }
            for one in (tables(results, results.notes()) if results.cells else [])
        ],
        "front": _finite(results),
    }


def _told(cell: Cell, folder: Path, known: CellResult | None, why: str) -> dict[str, Any]:
    place = folder / cell.folder
    values: dict[str, Any] = {"dataset": cell.dataset, "model": cell.model, "row": cell.row.id, "seed": cell.seed}
    if known is None:
        return {**values, "state": "impossible" if why else "waiting", "dice": None, "why": why, "run": _run_of(place)}
    return {**values, "state": known.state, "dice": known.dice, "why": known.why, "run": _run_of(place)}


def _run_of(cell: Path) -> str:
    """The run or the study of a cell; "" before there is one."""
    for name, there in (("run", is_run), ("study", is_study)):
        if there(cell / name):
            return str(cell / name)
    return ""


def _impossible(matrix: Matrix, cell: Cell) -> str:
    """Why this model cannot take this row; "" where it can, or where only tuning will tell."""
    from engine.models.weights import find_weights
    from engine.recipe import make_recipe
    from engine.tournament.matrix import recipe_values

    try:
        make_recipe(recipe_values(matrix, cell, find_weights(cell.model).model, "."))
    except (IncompatiblePair, OutOfRange) as error:
        return error.message
    except EngineError:
        return ""
    return ""


def _finite(results: Results) -> list[dict[str, Any]]:
    """The front's points; JSON knows no NaN."""
    return [
        {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in point.items()}
        for point in results.front()
    ]
