"""Bars over a number: histograms with one or more series. Imports pyqtgraph: imported when the first is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.plot_in_turns import PlotInTurns


@dataclass(frozen=True)
class Bars:
    """`heights` between `edges` (one more than heights). `colour`: a token of the theme, or #RRGGBB."""

    name: str
    edges: Sequence[float]
    heights: Sequence[float]
    colour: str


class PercentAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks of log10(share) as per cent: -2 is 1 %."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{100 * 10**value:.3g} %" for value in values]

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        return [(1.0, 0.0)]


class BarPlot(PlotInTurns):
    """Axes carry their names and units; `mark` shades a range, such as a window of grey values."""

    def __init__(self, title: str, name: str, *, percent: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._title = title
        self._axes = ("", "")
        self._bars: list[Bars] = []
        self._range: tuple[float, float] | None = None
        self._percent = percent

    def _make(self) -> Any:
        axes = {"bottom": PercentAxis("bottom")} if self._percent else {}
        plot = pg.PlotWidget(axisItems=axes, enableMenu=False)
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        plot.setMinimumHeight(180)
        # As much room as there is; the library asks for a screen's.
        plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._legend = plot.addLegend(offset=(8, 2), colCount=3)
        self._region = pg.LinearRegionItem(movable=False)
        self._region.setZValue(-10)
        return plot

    @property
    def bars(self) -> list[Bars]:
        """What is drawn."""
        return self._bars

    @property
    def marked(self) -> tuple[float, float] | None:
        return self._range

    def show_bars(self, bars: Sequence[Bars], bottom: str, left: str, mark: tuple[float, float] | None = None) -> None:
        """`bottom` and `left` name the axes, with their units."""
        self._bars, self._axes, self._range = list(bars), (bottom, left), mark
        self.setAccessibleDescription(", ".join(series.name for series in bars))
        self.redraw()

    def _draw(self) -> None:
        colours = look()
        text = colours.tokens["muted"]
        self._plot.clear()
        self._plot.setBackground(colours.tokens["plot"])
        self._plot.setTitle(self._title, color=colours.tokens["text"], size="10pt")
        for side, words in zip(("bottom", "left"), self._axes, strict=True):
            axis: Any = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.tokens["grid"]))
            axis.setTextPen(pg.mkPen(text))
            axis.enableAutoSIPrefix(False)
            axis.setStyle(hideOverlappingLabels=False)
            self._plot.setLabel(side, words, color=text)
        self._plot.showGrid(x=False, y=True, alpha=0.25)
        self._legend.setLabelTextColor(text)
        self._legend.setVisible(len(self._bars) > 1)
        for number, series in enumerate(self._bars):
            self._plot.addItem(self._drawn(series, number))
        if self._range is not None:
            brush = colours.colour("accent")
            brush.setAlpha(45)
            self._region.setBrush(pg.mkBrush(brush))
            self._region.setHoverBrush(pg.mkBrush(brush))
            for line in self._region.lines:
                line.setPen(pg.mkPen(colours.tokens["accent"], width=1.5, style=Qt.PenStyle.DashLine))
            self._region.setRegion(self._range)
            self._plot.addItem(self._region)
        self._fit()

    def _drawn(self, series: Bars, number: int) -> Any:
        colour = look().colour(series.colour) if series.colour in look().tokens else pg.mkColor(series.colour)
        if len(self._bars) == 1:
            fill = pg.mkColor(colour)
            fill.setAlpha(150)
            return pg.PlotDataItem(
                list(series.edges),
                list(series.heights),
                stepMode="center",
                fillLevel=0,
                brush=pg.mkBrush(fill),
                pen=pg.mkPen(colour, width=1),
                name=series.name,
            )
        # Several series stand beside each other within a bin, so that none hides another.
        widths = [after - before for before, after in zip(series.edges, series.edges[1:], strict=False)]
        share = 0.9 / len(self._bars)
        middles = [
            edge + width * (0.05 + share * (number + 0.5)) for edge, width in zip(series.edges, widths, strict=False)
        ]
        return pg.BarGraphItem(
            x=middles,
            height=list(series.heights),
            width=[width * share for width in widths],
            brush=pg.mkBrush(colour),
            pen=pg.mkPen(None),
            name=series.name,
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._plot is not None:
            self._fit()

    def _fit(self) -> None:
        edges = [edge for series in self._bars for edge in series.edges]
        if edges:
            low, high = min(edges), max(edges)
            if self._range is not None:
                # A window far wider than the values is cut, so that the values stay readable.
                span = high - low
                low, high = (
                    max(min(low, self._range[0]), low - span / 2),
                    min(max(high, self._range[1]), high + span / 2),
                )
            self._plot.setXRange(low, high, padding=0.05)
        top = max([height for series in self._bars for height in series.heights], default=1) or 1
        # The names stand above the bars, beside each other as far as there is room.
        longest = max((len(series.name) for series in self._bars), default=0)
        columns = max(1, min(3, int(self.width() / (45 + 8 * longest))))
        self._legend.setColumnCount(columns)
        rows = -(-len(self._bars) // columns) if self._legend.isVisible() else 0
        self._plot.setYRange(0, top * (1 + 0.24 * rows), padding=0.06)
