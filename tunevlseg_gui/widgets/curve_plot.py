"""Curves that grow by the epoch. Imports pyqtgraph, so this module is imported when the first curve is shown."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.theme.look import look

REDRAW_MS = 100
"""At most ten redraws a second, however fast the epochs come."""
MANY = 10_000
SERIES = {"train": "Training", "val": "Validation"}


class EpochAxis(pg.AxisItem):  # type: ignore[misc]
    """Whole epochs only."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        return [(max(1, math.ceil(spacing)), 0) for spacing, _ in found[:1]]


class CurvePlot(QWidget):
    """Two curves over epochs (`train`, `val`) and a mark at the best epoch."""

    def __init__(
        self, title: str, name: str, top: float | None = None, *, rises: bool = False, parent: QWidget | None = None
    ) -> None:
        """`top`: the highest possible value, for a fixed axis (1 for Dice); `rises`: the upper left is free."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._title = title
        self._top = top
        self._values: dict[str, dict[int, float]] = {series: {} for series in SERIES}
        self._best: tuple[int, float] | None = None
        self._plot = pg.PlotWidget(axisItems={"bottom": EpochAxis("bottom")})
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        self._plot.setMinimumHeight(150)
        self._legend = self._plot.addLegend(offset=(8, 4) if rises else (-8, 4))
        self._curves = {series: self._plot.plot([], [], name=text) for series, text in SERIES.items()}
        self._best_line = pg.InfiniteLine(angle=90, movable=False)
        self._best_mark = pg.ScatterPlotItem(size=11, symbol="o")
        self._best_text = pg.TextItem(anchor=(0, 1))
        for item in (self._best_line, self._best_mark, self._best_text):
            self._plot.addItem(item, ignoreBounds=True)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._plot)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        look().changed.connect(self._paint_theme)
        self._paint_theme()

    def put(self, epoch: int, **values: float | None) -> None:
        """One epoch's values; later epochs of an interrupted attempt give way."""
        for series, known in self._values.items():
            for later in [number for number in known if number > epoch]:
                del known[later]
            value = values.get(series)
            if value is not None and math.isfinite(value):
                known[epoch] = value
        if not self._timer.isActive():
            self._timer.start()

    def mark_best(self, epoch: int, value: float) -> None:
        self._best = (epoch, value)
        if not self._timer.isActive():
            self._timer.start()

    def clear(self) -> None:
        for known in self._values.values():
            known.clear()
        self._best = None
        self.redraw()

    def points(self, series: str) -> list[tuple[int, float]]:
        """What is drawn."""
        return sorted(self._values[series].items())

    @property
    def best(self) -> tuple[int, float] | None:
        return self._best

    def redraw(self) -> None:
        for series, curve in self._curves.items():
            points = self.points(series)
            curve.setData([epoch for epoch, _ in points], [value for _, value in points], antialias=len(points) < MANY)
            curve.setSymbol("o" if len(points) < 2 else None)
        self._draw_best()
        epochs = [epoch for known in self._values.values() for epoch in known]
        self._plot.setXRange(1, max([*epochs, 5]), padding=0.03)

    def _draw_best(self) -> None:
        shown = self._best is not None
        for item in (self._best_line, self._best_mark, self._best_text):
            item.setVisible(shown)
        if self._best is None:
            return
        epoch, value = self._best
        self._best_line.setValue(epoch)
        self._best_mark.setData([epoch], [value])
        self._best_text.setText(f"best {value:.3f}, epoch {epoch}")
        last = max((number for number in self._values["val"]), default=epoch)
        # The text goes to the side that has room.
        self._best_text.setAnchor((1, 1) if epoch > 0.6 * last else (0, 1))
        low, high = self._plot.getViewBox().viewRange()[1]
        # Below a high curve, above a low one.
        share = 0.02 if value > (low + high) / 2 else 0.6
        self._best_text.setPos(epoch, low + share * (high - low))

    def _paint_theme(self) -> None:
        colours = look()
        self._plot.setBackground(colours.tokens["plot"])
        text = colours.tokens["muted"]
        for side in ("left", "bottom"):
            axis: Any = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.tokens["grid"]))
            axis.setTextPen(pg.mkPen(text))
        self._plot.setTitle(self._title, color=colours.tokens["text"], size="10pt")
        self._plot.setLabel("bottom", "Epoch", color=text)
        self._plot.showGrid(x=False, y=True, alpha=0.25)
        for series, curve in self._curves.items():
            style = Qt.PenStyle.DashLine if series == "train" else Qt.PenStyle.SolidLine
            curve.setPen(pg.mkPen(colours.tokens[series], width=2, style=style))
            curve.setSymbolBrush(pg.mkBrush(colours.tokens[series]))
        self._legend.setLabelTextColor(text)
        for _, name in self._legend.items:
            name.setText(name.text, color=text)  # names that are drawn already keep their colour otherwise
        self._best_line.setPen(pg.mkPen(colours.tokens["best"], width=1, style=Qt.PenStyle.DotLine))
        self._best_mark.setBrush(pg.mkBrush(colours.tokens["best"]))
        self._best_mark.setPen(pg.mkPen(colours.tokens["plot"]))
        self._best_text.setColor(colours.tokens["best"])
        if self._top is not None:
            self._plot.setYRange(0, self._top, padding=0.02)
