"""The grid's cells follow the worker's words, and a newer reading does not forget what runs."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from engine.contract.events import CellEnded, CellStarted, EpochEnded, JobCancelled, JobStarted, Paused, Resumed
from tunevlseg_gui.pages.experiments.cell_grid import GridModel
from tunevlseg_gui.pages.experiments.tournament_state import TournamentState


def told(**states: str) -> dict[str, Any]:
    """Two rows, one dataset, two seeds; `vpt1="done"` sets the state of one cell."""
    cells = []
    for row in ("coop", "vpt"):
        for seed in (1, 2):
            state = states.get(f"{row}{seed}", "waiting")
            dice = 0.5 + seed / 10 if state == "done" else None
            why = "vpt needs an image site." if state == "impossible" else ""
            cells.append(
                {
                    "dataset": "polyps", "model": "m", "row": row, "seed": seed, "state": state, "dice": dice,
                    "why": why, "run": f"/r/{row}{seed}" if state == "done" else "",
                }
            )  # fmt: skip
    return {
        "name": "t", "folder": "/t", "datasets": ["polyps"], "cells": cells, "shown": [], "front": [],
        "synthetic": ["polyps"], "training": {"epochs": 2},
    }  # fmt: skip


def test_cells_run_and_end(qapp: object) -> None:
    state = TournamentState.of(told(coop1="done"))
    grid = GridModel()
    grid.show_state(state)
    coop, vpt = grid.index(0, 0), grid.index(1, 0)
    assert grid.data(coop) == "0.600  (1/2)"
    assert grid.headerData(0, Qt.Orientation.Horizontal) == "polyps (synthetic)"
    state.take(JobStarted("j", "benchmark", "Benchmark"))
    state.take(CellStarted("j", 1, 4, "polyps", "m", "coop", 2))
    state.take(EpochEnded("j", 1, 2, {}, True))
    assert grid.data(coop) == "running 1/2"
    assert state.take(CellEnded("j", 1, 4, "polyps", "m", "coop", 2, "done", 0.8, run="/r"))
    assert grid.data(coop) == "0.700"
    assert state.take(CellEnded("j", 2, 4, "polyps", "m", "vpt", 1, "failed", why="No test images."))
    assert grid.data(vpt) == "failed"
    assert "No test images." in grid.data(vpt, Qt.ItemDataRole.ToolTipRole)
    assert state.ended == 3


def test_a_reading_keeps_what_runs_and_an_end_leaves_nothing_running() -> None:
    state = TournamentState.of(told())
    state.take(JobStarted("j", "benchmark", "Benchmark"))
    state.take(CellStarted("j", 0, 4, "polyps", "m", "coop", 1))
    state.take(Paused("j"))
    newer = TournamentState.of(told()).goes_on_from(state)
    assert [cell.state for cell in newer.places["m", "coop", "polyps"]] == ["running", "waiting"]
    assert newer.phase == "paused"
    newer.take(Resumed("j"))
    assert newer.phase == "running"
    assert newer.take(JobCancelled("j"))
    assert newer.phase == "cancelled"
    assert all(cell.state == "waiting" for cell in newer.cells)


def test_colours_go_from_the_lowest_to_the_highest_and_impossible_ones_say_why(qapp: object) -> None:
    grid = GridModel()
    grid.show_state(TournamentState.of(told(coop1="done", coop2="done", vpt1="impossible", vpt2="impossible")))
    assert grid.range() == (pytest.approx(0.65), pytest.approx(0.65))
    assert grid.data(grid.index(0, 0), Qt.ItemDataRole.BackgroundRole) is not None
    hatched = grid.data(grid.index(1, 0), Qt.ItemDataRole.BackgroundRole)
    assert hatched.style() == Qt.BrushStyle.BDiagPattern
    assert grid.data(grid.index(1, 0)) == "impossible"
    assert "image site" in grid.data(grid.index(1, 0), Qt.ItemDataRole.ToolTipRole)
