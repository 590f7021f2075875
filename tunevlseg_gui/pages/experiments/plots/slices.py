"""Each setting against the objective, with its rank correlation in words. Plots are made one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.plots.trial_plot import TrialPlot
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Column, Study
from tunevlseg_gui.widgets.text import card, label

COLUMNS = 2
USUAL = ("strategy.prompt_depth", "training.learning_rate", "training.weight_decay")
"""What the published study correlated with Dice comes first."""


class SlicesPanel(QWidget):
    made = Signal(object)  # a plot that is there now

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._study: Study | None = None
        self._cards: dict[str, tuple[TrialPlot, Any]] = {}
        self._left: list[Column] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._draw_next)
        inner = QWidget()
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(area)

    @property
    def plots(self) -> list[TrialPlot]:
        return [plot for plot, _ in self._cards.values()]

    def show_study(self, study: Study) -> None:
        if self._study is not None and study.folder != self._study.folder:
            for plot, _ in self._cards.values():
                plot.parentWidget().deleteLater()
            self._cards = {}
        self._study = study
        self._left = sorted(study.params, key=lambda one: USUAL.index(one.key) if one.key in USUAL else len(USUAL))
        self._timer.start()

    def _draw_next(self) -> None:
        if self._study is None or not self._left:
            return
        column = self._left[0]
        if column.key not in self._cards:
            self._make(column)
            self._timer.start()  # filled in the next turn
            return
        self._left.pop(0)
        plot, words = self._cards[column.key]
        plot.show_columns(self._study, column, self._study.objectives[0])
        known = next((row for row in self._study.correlations if row["path"] == column.key), None)
        words.setText(self._told(column, known))
        if self._left:
            self._timer.start()

    def _make(self, column: Column) -> None:
        plot = TrialPlot(
            self._selection, self.tr("{x} against the objective").format(x=column.title), f"slice_{column.key}"
        )
        plot.setMinimumHeight(210)
        words = label("", "muted", wrap=True, name=f"correlation_{column.key}")
        holder = card()
        rows = QVBoxLayout(holder)
        rows.setContentsMargins(8, 8, 8, 10)
        rows.addWidget(plot, 1)
        rows.addWidget(words)
        at = len(self._cards)
        self._grid.addWidget(holder, at // COLUMNS, at % COLUMNS)
        self._cards[column.key] = plot, words
        self.made.emit(plot)

    def _told(self, column: Column, known: Mapping[str, Any] | None) -> str:
        if column.kind == "choice":
            return self.tr("Choices have no order, so that nothing rises or falls with them.")
        if known is None or known["rho"] is None:
            return self.tr("Too few finished trials that differ.")
        if known["shown"] == "too few":
            return self.tr("ρ = {rho:.2f} of {n} trials: too few for an interval.").format(
                rho=known["rho"], n=known["n"]
            )
        objective = self._study.objectives[0].title if self._study is not None else ""
        saying = {
            "positive": self.tr("{y} rises with it"),
            "negative": self.tr("{y} falls as it rises"),
            "none": self.tr("these trials show no rise or fall of {y} with it"),
        }[str(known["shown"])].format(y=objective)
        return self.tr("{saying}: Spearman ρ = {rho:.2f}, 95 % interval {low:.2f} to {high:.2f}, {n} trials.").format(
            saying=saying[:1].upper() + saying[1:], rho=known["rho"], low=known["low"], high=known["high"], n=known["n"]
        )
