"""Curves: grow by the epoch, mark the best, forget what an interrupted attempt left behind; ways of looking."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.curve_line import MANY
from tunevlseg_gui.widgets.curve_plot import CurvePlot
from tunevlseg_gui.widgets.veil import veiled


@pytest.fixture
def plot(qtbot: QtBot) -> CurvePlot:
    made = CurvePlot("Dice", "dicePlot", top=1.0)
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    return made


def line(plot: CurvePlot, key: str, *, ghost: bool = False) -> tuple[list[float], list[float]]:
    known = plot._curves[key]
    drawn = known.ghost if ghost else known.line
    if drawn is None:
        return [], []
    x, y = drawn.getOriginalDataset()
    return ([], []) if x is None else (list(x), list(y))


def test_points_appear_in_order_and_gaps_stay_out(plot: CurvePlot) -> None:
    plot.put(1, train=0.2, val=0.1)
    plot.put(2, train=0.4, val=math.nan)
    plot.mark_best(1, 0.1)
    assert plot.points("train") == [(1, 0.2), (2, 0.4)]
    assert plot.points("val") == [(1, 0.1)]
    plot.redraw()
    assert line(plot, "train") == ([1, 2], [0.2, 0.4])
    assert plot._mark.line.value() == 1


def test_a_resumed_run_draws_over_its_lost_epochs(plot: CurvePlot) -> None:
    for epoch in (1, 2, 3):
        plot.put(epoch, val=epoch / 10)
    plot.put(2, val=0.25)
    assert plot.points("val") == [(1, 0.1), (2, 0.25)]


def test_a_smoothed_line_has_the_values_behind_it(plot: CurvePlot) -> None:
    for epoch, value in enumerate((0.0, 1.0, 0.0, 1.0), start=1):
        plot.put(epoch, val=value)
    plot.redraw()
    assert line(plot, "val", ghost=True) == ([], [])
    plot.set_smoothing(0.5)
    plot.redraw()
    assert line(plot, "val", ghost=True)[1] == [0.0, 1.0, 0.0, 1.0]
    ghost = plot._curves["val"].ghost
    assert ghost.opts["pen"].widthF() == plot.devicePixelRatioF()
    assert line(plot, "val")[1] == pytest.approx([0.0, 0.5 / 0.75, 0.25 / 0.875, 0.625 / 0.9375])


def test_minutes_and_a_logarithmic_axis(plot: CurvePlot) -> None:
    for epoch, value in ((1, 0.5), (2, 0.0), (3, 0.25)):
        plot.put(epoch, epoch * 1.5, val=value)
    plot.mark_best(3, 0.25)
    plot.set_minutes(True)
    plot.redraw()
    assert line(plot, "val")[0] == [1.5, 3.0, 4.5]
    assert plot._mark.line.value() == 4.5
    plot.set_log(True)
    plot.redraw()
    assert line(plot, "val") == ([1.5, 4.5], [0.5, 0.25]), "there is no logarithm of 0"
    assert plot._mark.dot.getData()[1].tolist() == pytest.approx([math.log10(0.25)])


def test_other_runs_are_added_hidden_and_taken_away(plot: CurvePlot) -> None:
    plot.put(1, val=0.1)
    other = plot.add_curve("other", "Other run", "#cc79a7")
    other.fill(np.array([1.0, 2.0, 3.0]), np.array([0.1, math.nan, 0.3]), np.array([1.0, 2.0, 3.0]))
    plot.grew("other")
    plot.redraw()
    assert line(plot, "other") == ([1, 3], [0.1, 0.3])
    assert [entry.title for entry in plot.legend.names] == ["Training", "Validation", "Other run"]
    plot.set_visible("other", False)
    plot.redraw()
    assert line(plot, "other") == ([], [])
    assert "Other run" not in [entry.title for entry in plot.legend.names]
    plot.clear()
    assert plot.keys == ["train", "val"]


def test_a_band_lies_around_its_curve(plot: CurvePlot) -> None:
    epochs = np.array([1.0, 2.0])
    band = plot.add_band("seeds", "3 seeds", "val")
    band.fill(epochs, np.array([0.1, 0.2]), np.array([0.3, 0.4]), epochs / 2)
    plot.set_minutes(True)
    plot.redraw()
    low, high = (edge.getData() for edge in band._edges)
    assert band._between.path().boundingRect().height() == pytest.approx(0.3)
    assert [list(low[0]), list(low[1]), list(high[1])] == [[0.5, 1.0], [0.1, 0.2], [0.3, 0.4]]
    assert "3 seeds" in [entry.title for entry in plot.legend.names]
    plot.set_band_visible("seeds", False)
    assert "3 seeds" not in [entry.title for entry in plot.legend.names]
    plot.clear()
    assert plot.bands == []


def test_keys_point_at_epochs_and_say_their_values(plot: CurvePlot, qtbot: QtBot) -> None:
    heard: list[float | None] = []
    plot.hovered.connect(heard.append)
    for epoch in (1, 2, 3):
        plot.put(epoch, epoch * 0.5, train=0.5, val=epoch / 10)
    plot.setFocus()
    for key in (Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Home):
        qtbot.keyClick(plot, key)
    assert heard == [3, 2, 1]
    assert plot.legend.text() == "Epoch 1, 0.5 min  ·  Training 0.5  ·  Validation 0.1"
    plot.show_hover(2)
    assert "Validation 0.2" in plot.legend.text()
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert heard[-1] is None
    assert plot.legend.text() == ""


def test_a_closer_look_stays_while_the_run_grows(plot: CurvePlot, qtbot: QtBot) -> None:
    for epoch in range(1, 101):
        plot.put(epoch, val=0.5)
    plot.redraw()
    whole = plot._plot.getViewBox().viewRange()[0]
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    closer = plot._plot.getViewBox().viewRange()[0]
    assert closer[1] - closer[0] < whole[1] - whole[0]
    plot.put(101, val=0.5)
    plot.redraw()
    assert plot._plot.getViewBox().viewRange()[0] == closer
    qtbot.keyClick(plot, Qt.Key.Key_0)
    assert plot._plot.getViewBox().viewRange()[0][1] > 100


def test_at_most_ten_redraws_a_second(plot: CurvePlot, qtbot: QtBot) -> None:
    drawn: list[int] = []
    plot._timer.timeout.connect(lambda: drawn.append(len(plot.points("val"))))
    for epoch in range(1, 501):
        plot.put(epoch, val=0.5)
    qtbot.waitUntil(lambda: bool(drawn), timeout=5000)
    assert drawn == [500]


def test_long_curves_are_drawn_thin(plot: CurvePlot) -> None:
    epochs = np.arange(1.0, 10 * MANY + 2)
    plot.series("val").fill(epochs, np.full(len(epochs), 0.5), epochs)
    plot.grew("val")
    plot.redraw()
    curve = plot._curves["val"].line
    assert curve.opts["pen"].widthF() == 1
    assert not curve.opts["antialias"]
    assert len(curve.curve.getData()[0]) < 10 * MANY


def test_a_logarithmic_axis_of_a_small_range_has_round_values(plot: CurvePlot) -> None:
    axis = plot._plot.getAxis("left")
    axis.setLogMode(False, True)
    [(_, places)] = axis.tickValues(math.log10(0.72), math.log10(0.86), 200)
    assert len(places) >= 3
    told = axis.tickStrings(places, 1.0, None)
    assert len(set(told)) == len(told)
    assert all(0.72 <= float(value) <= 0.86 for value in told)


def test_curves_of_one_run_are_not_seen_under_the_name_of_another(plot: CurvePlot, qtbot: QtBot) -> None:
    plot.put(1, val=0.5)
    plot.redraw()
    assert not veiled(plot._plot)
    plot.clear()
    assert veiled(plot._plot)
    qtbot.waitUntil(lambda: not veiled(plot._plot))
    assert line(plot, "val") == ([], [])


def test_what_nobody_sees_is_not_made(plot: CurvePlot) -> None:
    before = len(plot._plot.getPlotItem().items)
    hidden = plot.add_curve("liver", "Liver", "#cc79a7", visible=False)
    hidden.fill(np.array([1.0, 2.0]), np.array([0.1, 0.2]), np.array([1.0, 2.0]))
    plot.redraw()
    assert len(plot._plot.getPlotItem().items) == before
    assert "Liver" not in [entry.title for entry in plot.legend.names]
    plot.set_visible("liver", True)
    plot.redraw()
    assert line(plot, "liver") == ([1, 2], [0.1, 0.2])
    plot.remove_curve("liver")
    assert len(plot._plot.getPlotItem().items) == before


def test_a_low_plot_keeps_its_room_from_the_legend(plot: CurvePlot) -> None:
    for number in range(8):
        plot.add_curve(f"run-{number}", f"Run number {number}", "#cc79a7")
    plot.resize(400, 300)
    high = plot.legend.height()
    plot.resize(400, 150)
    assert plot.legend.height() < high
    plot.resize(400, 300)
    assert plot.legend.height() == high
