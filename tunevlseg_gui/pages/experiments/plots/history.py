"""Optimisation history: each trial's value, and the best so far. With several objectives the first two as a front."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.plots.trial_plot import TrialPlot, numbers_of
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Study
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.turns import in_turn


class HistoryPanel(QWidget):
    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = TrialPlot(selection, self.tr("History: each trial and the best so far"), "historyPlot")
        self.steps = pg.PlotDataItem(stepMode="right")
        self.steps.setZValue(-1)
        self.plot.plot.addItem(self.steps)
        self.plots = [self.plot]
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.plot)
        look().changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        self.steps.setPen(pg.mkPen(look().tokens["best"], width=2))

    def show_study(self, study: Study) -> None:
        self.plot.show_columns(study, numbers_of(study), study.objectives[0])
        in_turn(self, partial(self._show_best, study))

    def _show_best(self, study: Study) -> None:
        known = np.flatnonzero(np.isfinite(study.best_so_far))
        self.steps.setData(study.numbers[known].astype(float), study.objectives[0].place_all(study.best_so_far[known]))


class ParetoPanel(QWidget):
    """Two objectives against each other; the line joins the trials that none beats in all."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from tunevlseg_gui.pages.experiments.plots.column_choice import ColumnChoice

        self.choice = ColumnChoice(self.tr("Across"), self.tr("Upwards"), "pareto")
        self.plot = TrialPlot(selection, self.tr("Pareto front"), "paretoPlot")
        self.front = pg.PlotDataItem(symbol="d", symbolSize=11)
        self.front.setZValue(1)
        self.plot.plot.addItem(self.front)
        self.plots = [self.plot]
        self._study: Study | None = None
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.choice)
        rows.addWidget(self.plot, 1)
        self.choice.changed.connect(self._draw)
        look().changed.connect(self._draw)

    def show_study(self, study: Study) -> None:
        self._study = study
        self.choice.offer(study.objectives, (1, 0))
        self._draw()

    def _draw(self) -> None:
        if self._study is None:
            return
        x, y = self.choice.pair
        if x is None or y is None:
            return
        self.plot.show_columns(self._study, x, y)
        rows = np.flatnonzero(np.isin(self._study.numbers, self._study.front))
        rows = rows[np.argsort(x.places[rows])]
        best = look().tokens["best"]
        self.front.setData(x.places[rows], y.places[rows])
        self.front.setPen(pg.mkPen(best, width=2))
        self.front.setSymbolBrush(pg.mkBrush(best))
        self.front.setSymbolPen(pg.mkPen(None))
