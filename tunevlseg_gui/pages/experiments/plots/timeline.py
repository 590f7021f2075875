"""When each trial ran: a line from its begin to its end, coloured by how it ended."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.plots.trial_plot import TrialPlot, numbers_of
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Column, Study
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.turns import in_turn, painted_after

COLOURS = {"complete": "val", "pruned": "train", "failed": "danger", "running": "best", "lost": "muted"}
STYLES = {"pruned": Qt.PenStyle.DashLine, "failed": Qt.PenStyle.DotLine}


class TimelinePanel(QWidget):
    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._study: Study | None = None
        self.plot = TrialPlot(selection, self.tr("Timeline of the trials"), "timelinePlot")
        self.plots = [self.plot]
        self._lines = {state: pg.PlotCurveItem(connect="pairs", antialias=False) for state in COLOURS}
        self._legend: Any = None
        self._explained: list[str] = []
        for line in self._lines.values():
            line.setZValue(-1)
            self.plot.plot.addItem(line)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.plot)
        look().changed.connect(self._draw)

    def show_study(self, study: Study) -> None:
        self._study = study
        self._draw()
        in_turn(self, lambda: painted_after(self.plot.plot, self._explain))

    def _explain(self) -> None:
        """The legend: of the states that occur. It takes as long to make as the plot, and comes after it."""
        words = {
            "complete": self.tr("complete"),
            "pruned": self.tr("pruned or stopped"),
            "failed": self.tr("failed"),
            "running": self.tr("running"),
            "lost": self.tr("lost its worker"),
        }
        there = set(self._study.states.tolist()) if self._study is not None else set()
        if self._legend is None:
            self._legend = self.plot.plot.addLegend(offset=(8, 8))
        wanted = [state for state in self._lines if state in there]
        if wanted != self._explained:
            self._explained = wanted
            self._legend.clear()
            for state in wanted:
                self._legend.addItem(self._lines[state], words[state])
        self._colour_legend()

    def _colour_legend(self) -> None:
        if self._legend is None:
            return
        self._legend.setLabelTextColor(look().tokens["muted"])
        for _, name in self._legend.items:
            name.setText(name.text, color=look().tokens["muted"])

    def _draw(self) -> None:
        study = self._study
        if study is None:
            return
        begun = study.started[np.isfinite(study.started)]
        zero = float(begun.min()) if len(begun) else 0.0
        starts = (study.started - zero) / 60
        ends = (np.where(np.isfinite(study.ended), study.ended, time.time()) - zero) / 60
        for state, line in self._lines.items():
            rows = np.flatnonzero((study.states == state) & np.isfinite(starts))
            line.setData(
                np.column_stack([starts[rows], ends[rows]]).ravel(), np.repeat(study.numbers[rows].astype(float), 2)
            )
            width = 5 if study.n <= 60 else 3 if study.n < 400 else 1
            pen = pg.mkPen(look().tokens[COLOURS[state]], width=width, style=STYLES.get(state, Qt.PenStyle.SolidLine))
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            line.setPen(pen)
        self._colour_legend()
        middle = Column("begun", self.tr("Minutes since the first trial began"), starts, log=False)
        self.plot.show_columns(study, middle, numbers_of(study))
