"""Columns of a study: places on axes, words, and what a brushed range means to the engine."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tunevlseg_gui.pages.experiments.plots.parallel_axes import ParallelAxes
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Study, read_study, to_csv

RATE, DEPTH, WIDE = "training.learning_rate", "strategy.prompt_depth", "strategy.projector"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    def row(number: int, state: str, rate: float, depth: int, wide: str, value: float | None) -> dict[str, Any]:
        return {
            "number": number, "state": state, "params": {RATE: rate, DEPTH: depth, WIDE: wide},
            "values": [] if value is None else [value], "started": 100.0 + number, "ended": 109.0 + number,
            "run": f"elsewhere/somebody/{number:04d}", "why": "", "reported": {}, "stopped": False, "repeats": None,
        }  # fmt: skip

    rows = [
        row(0, "complete", 1e-5, 1, "mlp", 0.5),
        row(1, "complete", 1e-3, 2, "low_rank", 0.7),
        row(2, "failed", 1e-4, 3, "mlp", None),
        row(3, "complete", 5e-3, 3, "mlp", 0.6),
    ]
    path = tmp_path / "a.json"
    found = {"trials": rows, "best_so_far": [0.5, 0.7, 0.7, 0.7], "front": [], "importances": {}, "correlations": []}
    path.write_text(json.dumps(found))
    space = [
        {"path": RATE, "kind": "float", "low": 1e-5, "high": 5e-3, "log": True},
        {"path": DEPTH, "kind": "int", "low": 1, "high": 3, "log": False},
        {"path": WIDE, "kind": "choice", "choices": ["mlp", "low_rank"]},
    ]
    told = {
        "path": str(path), "name": "a", "asked": 5, "best": 1, "objectives": ["val_dice"], "directions": ["maximize"],
        "space": space, "rules": {},
    }  # fmt: skip
    return read_study(tmp_path, told)


def test_values_lie_where_their_axis_has_them(study: Study) -> None:
    rate, depth, wide = study.params
    assert rate.places.tolist() == pytest.approx([-5, -3, -4, math.log10(5e-3)])
    assert (rate.at(-3), depth.at(2.4), wide.at(0.9)) == (pytest.approx(1e-3), 2.0, 1.0)
    assert rate.at(9) == 5e-3  # never beyond what is searched
    assert (depth.raw(2.0), wide.raw(1.0), wide.told(0.0)) == (2, "low_rank", "mlp")
    assert study.objectives[0].values.tolist() == pytest.approx([0.5, 0.7, math.nan, 0.6], nan_ok=True)
    assert study.ended_trials == 4


def test_a_brush_selects_in_all_and_names_a_region(study: Study) -> None:
    selection = Selection()
    assert selection.mask(study).all()
    selection.brush({RATE: (-2.0, -3.5), "value:0": (0.55, 1.0)})
    assert selection.mask(study).tolist() == [False, True, False, True]
    assert selection.region(study) == {RATE: [pytest.approx(10**-3.5, rel=1e-5), 5e-3]}  # what is reached is no region
    selection.brush({DEPTH: (1.4, 3.2), WIDE: (-0.2, 0.4)}, only=True)
    assert selection.region(study) == {DEPTH: [2, 3], WIDE: ["mlp"]}
    assert selection.mask(study).tolist() == [False, False, True, True]
    selection.brush({DEPTH: (1.2, 1.8)}, only=True)
    assert selection.region(study) == {}  # no whole number lies in it
    selection.pick(frozenset({0, 3}))
    assert selection.mask(study).tolist() == [True, False, False, True]
    selection.clear()
    assert not selection.active


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("linear", [False, True])
def test_axes_of_parallel_coordinates_go_both_ways(study: Study, flipped: bool, linear: bool) -> None:
    axes = ParallelAxes(study.columns, {RATE} if flipped else set(), {RATE} if linear else set())
    rate = study.params[0]
    assert axes.is_log(rate) != linear
    units = axes.units(rate)
    ends = (1.0, 0.0) if flipped else (0.0, 1.0)
    assert (units[0], units[3]) == pytest.approx(ends)
    for place, unit in zip(rate.places, units, strict=True):
        assert axes.unit(rate, float(place)) == pytest.approx(float(unit))
        assert axes.place(rate, float(unit)) == pytest.approx(float(place))
    assert axes.units(study.params[2]).tolist() == [0, 1, 0, 0]
    assert not axes.can_be_log(study.params[2])


def test_the_table_as_csv_names_no_folder(study: Study) -> None:
    lines = to_csv(study, [1, 2]).splitlines()
    assert lines[0].startswith(f"trial,state,validation_dice,{RATE},{DEPTH},{WIDE}")
    assert lines[1].startswith("1,complete,0.7,0.001,2,low_rank,101.000,110.000,0001")
    assert lines[2].startswith("2,failed,,0.0001,3,mlp")
    assert "somebody" not in "".join(lines)


def test_an_empty_study_has_axes(study: Study) -> None:
    empty = Study(Path(), params=study.params[:0])
    assert empty.n == 0
    assert Selection().mask(empty).shape == (0,)
    assert np.isfinite(study.params[0].extent).all()
