"""The table of `tunevlseg evaluate`."""

from __future__ import annotations

import pytest

from engine.cli.commands.evaluate import show
from engine.training.evaluate import Score, Surface, summarise


def scored(case: str, overlap: int, hd95: float | None) -> Score:
    return Score(case, "polyp", 1, 4, 4, overlap, Surface(hd95, 0.5 if hd95 else 0.0, "px", 2, int(hd95 is None)))


def test_every_metric_with_its_spread_and_what_is_undefined(capsys: pytest.CaptureFixture[str]) -> None:
    scores = [scored("a", 4, 1.0), scored("b", 2, 3.0), scored("c", 0, None)]
    show({"summary": summarise(scores), "scores": "scores.csv", "tolerance": 2.0})
    lines = capsys.readouterr().out.splitlines()
    overlap, borders = lines[2].split(), lines[6].split()
    assert overlap[:4] == ["polyp", "3", "0.500", "0.500"]
    assert overlap[4].count("-") == 1
    assert borders[:3] == ["polyp", "2.000", "1.414"]
    assert borders[4:6] == ["px", "1"]
    assert "within 2 of each other" in "\n".join(lines)


def test_one_case_has_no_interval_and_no_borders_no_second_table(capsys: pytest.CaptureFixture[str]) -> None:
    show({"summary": summarise([Score("a", "polyp", 1, 4, 4, 2)]), "scores": "scores.csv", "tolerance": 2.0})
    out = capsys.readouterr().out
    assert out.splitlines()[2].split()[:5] == ["polyp", "1", "0.500", "-", "-"]
    assert "undefined" not in out.splitlines()[0]
    assert "surface Dice  " not in out
