"""Seeds of one recipe as a band: from the lowest to the highest of those that came so far, over whole epochs."""

from __future__ import annotations

import pyqtgraph as pg
from pytestqt.qtbot import QtBot

from tunevlseg_gui.widgets.band_plot import BandPlot, Repeats


def drawn(plot: BandPlot) -> list[list[tuple[float, float]]]:
    items = plot.findChild(pg.PlotWidget).getPlotItem().items
    curves = [item for item in items if isinstance(item, pg.PlotCurveItem | pg.PlotDataItem)]
    return [list(zip(*(map(float, values) for values in item.getData()), strict=True)) for item in curves]


def test_a_band_spans_the_seeds_that_came_so_far(qtbot: QtBot) -> None:
    made = BandPlot("Dice", "plot", "Epoch")
    qtbot.addWidget(made)
    made.show_groups([Repeats("vpt", [[(1, 0.2), (2, 0.6)], [(1, 0.4)], []]), Repeats("coop", [[(1, 0.1), (2, 0.3)]])])
    lines = drawn(made)
    for wanted in (
        [(1, 0.2), (2, 0.6)],  # lowest
        [(1, 0.4), (2, 0.6)],  # highest
        [(1, 0.1), (2, 0.3)],  # one run alone
    ):
        assert wanted in lines
    mean = next(line for line in lines if line[0][1] not in (0.1, 0.2, 0.4))
    assert [round(value, 6) for _, value in mean] == [0.3, 0.6]


def test_epochs_are_whole(qtbot: QtBot) -> None:
    made = BandPlot("Dice", "plot", "Epoch")
    qtbot.addWidget(made)
    axis = made.findChild(pg.PlotWidget).getPlotItem().getAxis("bottom")
    assert all(spacing == int(spacing) for spacing, _ in axis.tickSpacing(1, 4, 600))
