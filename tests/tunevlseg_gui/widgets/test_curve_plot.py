"""Curves: grow by the epoch, mark the best, forget what an interrupted attempt left behind."""

from __future__ import annotations

import math

from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.curve_plot import CurvePlot


def test_points_appear_in_order_and_gaps_stay_out(qtbot: QtBot) -> None:
    plot = CurvePlot("Dice", "dicePlot", top=1.0)
    qtbot.addWidget(plot)
    plot.put(1, train=0.2, val=0.1)
    plot.put(2, train=0.4, val=math.nan)
    plot.mark_best(1, 0.1)
    assert plot.points("train") == [(1, 0.2), (2, 0.4)]
    assert plot.points("val") == [(1, 0.1)]
    plot.redraw()
    x, y = plot._curves["train"].getData()
    assert list(x) == [1, 2]
    assert list(y) == [0.2, 0.4]
    assert plot._best_line.value() == 1


def test_a_resumed_run_draws_over_its_lost_epochs(qtbot: QtBot) -> None:
    plot = CurvePlot("Dice", "dicePlot")
    qtbot.addWidget(plot)
    for epoch in (1, 2, 3):
        plot.put(epoch, val=epoch / 10)
    plot.put(2, val=0.25)
    assert plot.points("val") == [(1, 0.1), (2, 0.25)]
