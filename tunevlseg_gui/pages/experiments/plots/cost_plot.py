"""Dice against what it costs: a point for each line of a tournament, the front joined. Imports pyqtgraph."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.catalogue import strategy_title
from tunevlseg_gui.pages.experiments.plots.axes import ColumnAxis
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.text import label

COSTS = ("learned", "seconds", "bytes")


class CostAxis(pg.AxisItem):  # type: ignore[misc]
    """Powers of ten."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        return [(1.0, [float(at) for at in range(math.ceil(low), math.floor(high) + 1)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{10**value:,.0f}" for value in values]


class CostPlot(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("costPlot")
        self.setAccessibleName(self.tr("Dice against cost"))
        self.points: list[Mapping[str, Any]] = []
        self.cost = QComboBox()
        self.cost.setObjectName("costAxis")
        self.cost.setAccessibleName(self.tr("Cost"))
        self.cost.addItems([self.tr("Learned numbers"), self.tr("Seconds"), self.tr("Size in bytes")])
        self._names: list[pg.TextItem] = []
        self.plot = pg.PlotWidget(axisItems={"bottom": CostAxis("bottom"), "left": ColumnAxis("left")})
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.front = pg.PlotDataItem()
        self.dots = pg.ScatterPlotItem(hoverable=True, tip=lambda x, y, data: str(data))
        for item in (self.front, self.dots):
            self.plot.addItem(item)
        self.nothing = label(self.tr("A line that has finished every dataset appears here."), "muted", name="noCost")
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Across"), "muted"))
        row.addWidget(self.cost)
        row.addWidget(self.nothing)
        row.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 10, 0, 0)
        rows.addLayout(row)
        rows.addWidget(self.plot, 1)
        self.cost.currentIndexChanged.connect(lambda _at: self._draw())
        look().changed.connect(self._draw)

    def show_points(self, points: Sequence[Mapping[str, Any]]) -> None:
        self.points = [point for point in points if point["dice"] is not None]
        self.nothing.setVisible(not self.points)
        self._draw()

    def _draw(self) -> None:
        tokens = look().tokens
        self.plot.setBackground(tokens["plot"])
        for side, words in (("bottom", self.cost.currentText()), ("left", self.tr("Dice, mean over the datasets"))):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(tokens["grid"]))
            axis.setTextPen(pg.mkPen(tokens["muted"]))
            axis.enableAutoSIPrefix(False)
            axis.setLabel(words, color=tokens["muted"])
        key = COSTS[self.cost.currentIndex()]
        # From 0 to millions: on a logarithm, on which nothing (zero-shot learns none) lies at 1.
        known = [(math.log10(max(1.0, float(point[key] or 0))), float(point["dice"]), point) for point in self.points]
        best = front(known)
        self.dots.setData(
            [
                {
                    "pos": (cost, dice),
                    "data": self._told(point, key),
                    "symbol": "d" if (cost, dice) in best else "o",
                    "size": 13 if (cost, dice) in best else 10,
                    "brush": pg.mkBrush(tokens["best" if (cost, dice) in best else "val"]),
                    "pen": pg.mkPen(tokens["plot"]),
                }
                for cost, dice, point in known
            ]
        )
        self.front.setData(
            [cost for cost, _ in best], [dice for _, dice in best], pen=pg.mkPen(tokens["best"], width=2)
        )
        for text in self._names:
            self.plot.removeItem(text)
        self._names = []
        for cost, dice, point in known:
            text = pg.TextItem(self._name(point), color=tokens["muted"], anchor=(0.5, 1.4))
            text.setPos(cost, dice)
            self.plot.addItem(text)
            self._names.append(text)
        self.setAccessibleDescription(", ".join(f"{self._name(point)} {dice:.3f}" for _, dice, point in known))

    def _told(self, point: Mapping[str, Any], key: str) -> str:
        cost = self.tr("{name}: {n}").format(name=self.cost.currentText(), n=f"{point[key] or 0:,.0f}")
        dice = self.tr("Dice {n:.3f}").format(n=point["dice"])
        return f"{self._name(point)}\n{dice}\n{cost}"

    def _name(self, point: Mapping[str, Any]) -> str:
        """The strategy; with its model where there are several."""
        strategy = strategy_title(str(point["row"]))
        several = len({str(one["model"]) for one in self.points}) > 1
        return f"{Path(str(point['model'])).name} · {strategy}" if several else strategy


def front(points: Sequence[tuple[float, float, Any]]) -> list[tuple[float, float]]:
    """From the cheapest on: each that is better than all cheaper ones."""
    found: list[tuple[float, float]] = []
    for cost, dice, _ in sorted(points, key=lambda point: (point[0], -point[1])):
        if not found or dice > found[-1][1]:
            found.append((cost, dice))
    return found
