"""Each setting against the objective, with its rank correlation in words. Plots are made one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.plots.trial_plot import TrialPlot
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Column, Study
from tunevlseg_gui.widgets.text import card, label
from tunevlseg_gui.widgets.turns import in_turn

COLUMNS = 2
PLOT_HIGH, HIGH = 210, 268
USUAL = ("strategy.prompt_depth", "training.learning_rate", "training.weight_decay")
"""What the published study correlated with Dice comes first."""


@dataclass
class _Card:
    """A place in the grid; the words stand there before the plot does, so that nothing moves when it comes."""

    rows: QVBoxLayout
    words: QLabel
    plot: TrialPlot | None = None


class SlicesPanel(QWidget):
    made = Signal(object)  # a plot that is there now

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._study: Study | None = None
        self._cards: dict[str, _Card] = {}
        self._left: list[Column] = []
        self._drawing = False
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
        return [one.plot for one in self._cards.values() if one.plot is not None]

    def show_study(self, study: Study) -> None:
        if self._study is not None and study.folder != self._study.folder:
            for one in self._cards.values():
                one.words.parentWidget().deleteLater()
            self._cards = {}
        self._study = study
        self._left = sorted(study.params, key=lambda one: USUAL.index(one.key) if one.key in USUAL else len(USUAL))
        for column in self._left:
            known = next((row for row in study.correlations if row["path"] == column.key), None)
            self._card(column).words.setText(self._told(column, known))
        if not self._drawing:
            self._drawing = True
            in_turn(self, self._draw_next)

    def _draw_next(self) -> None:
        """A plot is made in one turn, filled in the next, and painted before the one after it is made."""
        self._drawing = self._study is not None and bool(self._left)
        if self._study is None or not self._left:
            return
        column = self._left[0]
        one = self._card(column)
        if one.plot is None:
            self._make(column, one)
        else:
            self._left.pop(0)
            one.plot.show_columns(self._study, column, self._study.objectives[0])
        in_turn(self, self._draw_next)

    def _card(self, column: Column) -> _Card:
        if column.key not in self._cards:
            holder = card()
            holder.setMinimumHeight(HIGH)
            rows = QVBoxLayout(holder)
            rows.setContentsMargins(8, 8, 8, 10)
            rows.addStretch(1)
            words = label("", "muted", wrap=True, name=f"correlation_{column.key}")
            rows.addWidget(words)
            at = len(self._cards)
            self._grid.addWidget(holder, at // COLUMNS, at % COLUMNS)
            self._cards[column.key] = _Card(rows, words)
        return self._cards[column.key]

    def _make(self, column: Column, one: _Card) -> None:
        plot = TrialPlot(
            self._selection, self.tr("{x} against the objective").format(x=column.title), f"slice_{column.key}"
        )
        plot.setMinimumHeight(PLOT_HIGH)
        # Without a wish of its own: the library's is 480 pixels, of which a window holds one row.
        plot.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        one.rows.takeAt(0)
        one.rows.insertWidget(0, plot, 1)
        one.plot = plot
        self.made.emit(plot)

    def _told(self, column: Column, known: Mapping[str, Any] | None) -> str:
        if column.kind == "choice":
            return self.tr("Choices have no order, so that nothing rises or falls with them.")
        if self._study is not None and not self._study.figured:
            return self.tr("Its correlation is being worked out…")
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
