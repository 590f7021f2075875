"""Two settings across, the objective as bands of colour between the trials (inverse squared distance weighting)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.experiments.plots.column_choice import ColumnChoice
from tunevlseg_gui.pages.experiments.plots.trial_plot import TrialPlot
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Column, Floats, Study
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.text import label

CELLS = 72
BANDS = 10
LEAST = 3


class ContourPanel(QWidget):
    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._study: Study | None = None
        self._asked = 0
        self.choice = ColumnChoice(self.tr("Across"), self.tr("Upwards"), "contour")
        self.plot = TrialPlot(selection, self.tr("Contour: the objective over two settings"), "contourPlot")
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setZValue(-5)
        self.image.setOpacity(0.75)
        for dots in (self.plot.chosen, self.plot.rest):
            dots.setSize(5)
        self.plot.plot.addItem(self.image)
        self.words = label("", "muted", wrap=True, name="contourWords")
        self.plots = [self.plot]
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.choice)
        rows.addWidget(self.plot, 1)
        rows.addWidget(self.words)
        self.choice.changed.connect(self._draw)

    def show_study(self, study: Study) -> None:
        self._study = study
        keys = [one.key for one in study.params]
        # The two that matter most, where that is known.
        usual = [keys.index(path) for path in sorted(study.importances, key=lambda path: -study.importances[path])]
        first, second = (*usual, *(at for at in range(len(keys)) if at not in usual), 0, 0)[:2]
        self.choice.offer(study.params, (first, second))
        self._draw()

    def _draw(self) -> None:
        x, y = self.choice.pair
        if self._study is None or x is None or y is None:
            return
        self.plot.show_columns(self._study, x, y)
        self.plot.chosen.setBrush(pg.mkBrush(look().tokens["text"]))
        goal = self._study.objectives[0]
        known = np.isfinite(x.places) & np.isfinite(y.places) & np.isfinite(goal.values)
        self.image.setVisible(bool(known.sum() >= LEAST and x.key != y.key))
        if known.sum() < LEAST or x.key == y.key:
            self.words.setText(self.tr("Choose two different settings with three finished trials or more."))
            return
        self._asked += 1
        values = goal.values[known]
        run_task(
            self,
            partial(_field, x, y, x.places[known], y.places[known], values),
            partial(self._put, self._asked, x, y, goal, values),
        )

    def _put(self, asked: int, x: Column, y: Column, goal: Column, values: Floats, field: Floats) -> None:
        if asked != self._asked:
            return
        low, high = float(values.min()), float(values.max())
        table = pg.colormap.get("viridis").getLookupTable(nPts=BANDS)
        left, right = x.extent
        bottom, top = y.extent
        self.image.setImage(field, levels=(low, high), lut=table, autoLevels=False)
        self.image.setRect(QRectF(left, bottom, right - left, top - bottom))
        self.words.setText(
            self.tr(
                "{name}: dark is {low}, light is {high}, in {n} bands. Between trials it is interpolated; far from "
                "them it is a guess."
            ).format(name=goal.title, low=goal.told(low), high=goal.told(high), n=BANDS)
        )


def _field(x: Column, y: Column, xs: Floats, ys: Floats, values: Floats) -> Any:
    """(CELLS, CELLS): weighted by 1 / distance² in units of the axes' lengths (Shepard 1968)."""
    (left, right), (bottom, top) = x.extent, y.extent
    middle = (np.arange(CELLS) + 0.5) / CELLS
    found = np.empty((CELLS, CELLS))
    across = (middle[:, None] - ((xs - left) / (right - left))[None]) ** 2
    up = (ys - bottom) / (top - bottom)
    for row, place in enumerate(middle):
        weights = 1 / (across + ((place - up) ** 2)[None] + 1e-4)
        found[row] = (weights * values).sum(axis=1) / weights.sum(axis=1)
    return found
