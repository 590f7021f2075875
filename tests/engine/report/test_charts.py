"""Curves stay within their frame, whatever the numbers."""

from __future__ import annotations

import math

import pytest

from engine.report.charts import HEIGHT, WIDTH, Chart, curve_chart


def points(chart: Chart, at: int = 0) -> list[tuple[float, float]]:
    pairs = [pair.split(",") for pair in chart.lines[at].points.split()]
    return [(float(x), float(y)) for x, y in pairs]


@pytest.mark.parametrize("values", [[0.1, 0.5, 0.9], [0.3] * 4, [0.0, 0.0], [-5.0, 3e6], [0.2], [0.1, math.nan, 0.4]])
def test_every_point_lies_in_the_frame(values: list[float]) -> None:
    chart = curve_chart("Loss", [("Training", "train", [list(enumerate(values, 1))])], best=1)
    assert chart is not None
    found = points(chart)
    assert len(found) == sum(not math.isnan(value) for value in values)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)
    assert all(0 <= x <= WIDTH for x, _ in chart.x_ticks)
    assert 2 <= len(chart.y_ticks) <= 12
    assert chart.mark is not None


def test_higher_is_further_up_and_repetitions_make_a_band() -> None:
    lines = [[(1.0, 0.2), (2.0, 0.6)], [(1.0, 0.4), (2.0, 0.8)]]
    chart = curve_chart("Dice", [("vpt", "run0", lines), ("coop", "run1", lines[:1])], top=1.0)
    assert chart is not None
    (_, first), (_, second) = points(chart)
    assert second < first
    assert len(chart.lines[0].band.split()) == 4
    assert chart.lines[1].band == ""
    assert "vpt: 0.700 at the end" in chart.words


def test_nothing_is_drawn_of_nothing() -> None:
    assert curve_chart("Dice", [("Training", "train", [[]]), ("Validation", "val", [[(1, math.nan)]])]) is None
