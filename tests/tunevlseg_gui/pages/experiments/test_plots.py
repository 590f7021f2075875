"""What plots compute before they draw, and where they look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tunevlseg_gui.pages.experiments.plots.axes import ColumnAxis
from tunevlseg_gui.pages.experiments.plots.cost_plot import front
from tunevlseg_gui.pages.experiments.plots.label_curve import LabelCurve
from tunevlseg_gui.pages.experiments.plots.line_raster import raster
from tunevlseg_gui.pages.experiments.plots.slices import SlicesPanel
from tunevlseg_gui.pages.experiments.plots.trial_plot import TrialPlot
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Column, Study

TABLE = [(255, 0, 0), (0, 0, 255)]


def test_a_line_is_drawn_from_axis_to_axis() -> None:
    picture = raster(np.array([0.0, 99.0]), np.array([[10.0, 40.0]]), np.array([1]), TABLE, (100, 50), strength=0.9)
    assert picture.shape == (50, 100, 4)
    drawn = picture[:, :, 3] > 40
    assert drawn.any(axis=0).mean() > 0.95  # no gaps
    middles = [float(np.average(np.arange(50), weights=picture[:, x, 3])) for x in (10, 50, 90)]
    assert middles == pytest.approx([10 + 30 * x / 99 for x in (10, 50, 90)], abs=1.0)
    assert (picture[drawn][:, :3] == (0, 0, 255)).all()


def test_steep_lines_have_no_gaps_and_missing_values_no_line() -> None:
    xs = np.array([0.0, 20.0, 40.0])
    ys = np.array([[0.0, 100.0, np.nan]])
    picture = raster(xs, ys, np.array([0]), TABLE, (41, 101), strength=0.9)
    assert (picture[:, :, 3] > 20).any(axis=1).mean() > 0.95
    assert not picture[:, 22:, 3].any()


def test_the_best_lies_on_top_and_many_are_denser_than_one() -> None:
    xs, flat = np.array([0.0, 30.0]), np.full((5, 2), 10.0)
    many = raster(xs, flat, np.array([1, 0, 0, 0, 0]), TABLE, (31, 21), strength=0.3)
    one = raster(xs, flat[:1], np.array([0]), TABLE, (31, 21), strength=0.3)
    assert many[10, 15, 3] > one[10, 15, 3] > 0
    assert tuple(many[10, 15, :3]) == (0, 0, 255)


def test_the_front_is_what_nothing_cheaper_reaches() -> None:
    points = [(10.0, 0.5, None), (0.0, 0.2, None), (5.0, 0.1, None), (20.0, 0.5, None), (30.0, 0.9, None)]
    assert front(points) == [(0.0, 0.2), (10.0, 0.5), (30.0, 0.9)]


def test_a_curve_of_noise_does_not_look_like_a_slope(qapp: object) -> None:
    curve = LabelCurve()
    point = {"cases": 1, "dice": 0.170, "low": None, "high": None}
    curve.show_plan([point, {**point, "cases": 2, "dice": 0.171}], {"a": 0.19, "b": 0.02, "c": 0.1})
    low, high = curve.plot.getViewBox().viewRange()[1]
    assert high - low > 0.1
    assert curve.plot.getAxis("left").tickStrings([0.17], 1000.0, 0.01) == ["0.17"]
    assert "2 cases: Dice 0.171" in curve.accessibleDescription()
    curve.show_plan([], {})
    assert curve.plot.getViewBox().viewRange()[1][1] == pytest.approx(1.05, abs=0.01)


def test_a_view_grows_with_what_is_there_until_somebody_moves_it(qtbot: QtBot) -> None:
    plot = TrialPlot(Selection(), "History", "historyPlot")
    qtbot.addWidget(plot)

    def show(many: int) -> tuple[float, float]:
        numbers = np.arange(many, dtype=np.float64)
        study = Study(Path("here"), numbers=numbers.astype(np.int64))
        plot.show_columns(study, Column("number", "Trial", numbers), Column("value:0", "Dice", numbers / 10))
        (left, right), _ = plot.box.viewRange()
        return left, right

    assert show(2)[1] < 2
    assert show(9)[1] > 8
    plot.box.setRange(xRange=(3, 4), padding=0)
    assert show(12) == (3, 4)
    plot.show_all()
    assert show(20)[1] > 19


def test_powers_of_ten_stand_as_far_apart_as_their_words_need() -> None:
    axis = ColumnAxis("bottom")
    axis.show_column(Column("rate", "Rate", np.zeros(0), log=True, low=1e-6, high=1.0))
    assert axis.tickValues(-6, 0, 600)[0][1] == [-6, -5, -4, -3, -2, -1, 0]
    assert axis.tickValues(-6, 0, 200)[0][1] == [-6, -4, -2, 0]


def test_what_is_not_worked_out_yet_is_not_called_too_few(qtbot: QtBot) -> None:
    panel = SlicesPanel(Selection())
    qtbot.addWidget(panel)
    rate = Column("training.learning_rate", "Learning rate", np.array([1e-3, 1e-4]), low=1e-5, high=1e-2)
    dice = Column("value:0", "Dice", np.array([0.5, 0.6]))
    study = Study(Path("here"), numbers=np.arange(2), params=(rate,), objectives=(dice,), figured=False)
    panel.show_study(study)
    words = panel.findChild(QLabel, "correlation_training.learning_rate")
    assert words is not None
    assert "being worked out" in words.text()
    panel.show_study(replace(study, figured=True))
    assert "Too few" in words.text()


def test_what_was_selected_elsewhere_is_drawn_when_a_plot_is_shown(qtbot: QtBot) -> None:
    selection = Selection()
    plot = TrialPlot(selection, "History", "historyPlot")
    qtbot.addWidget(plot)
    numbers = np.arange(10, dtype=np.float64)
    number = Column("number", "Trial", numbers)
    study = Study(Path("here"), numbers=numbers.astype(np.int64), params=(number,))
    plot.show()
    plot.show_columns(study, number, Column("value:0", "Dice", numbers / 10))
    plot.hide()
    selection.brush({"number": (2, 4)})
    plot.show()
    assert len(plot.chosen.getData()[0]) == 3
