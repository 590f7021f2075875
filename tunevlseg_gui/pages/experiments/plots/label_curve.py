"""Dice over the number of training cases, with intervals and the fitted curve. Imports pyqtgraph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.plots.axes import ColumnAxis
from tunevlseg_gui.theme.look import look

BEYOND = 2.0
"""How far beyond the last size the curve is drawn, dashed."""


class CaseAxis(pg.AxisItem):  # type: ignore[misc]
    """Numbers of cases on a logarithm of two."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        return [(1.0, [float(at) for at in range(int(np.ceil(low)), int(np.floor(high)) + 1)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{2**value:.0f}" for value in values]


class LabelCurve(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("labelCurve")
        self.setAccessibleName(self.tr("Test Dice over labelled training cases"))
        self.points: list[Mapping[str, Any]] = []
        self._curve: Mapping[str, float] = {}
        self.plot = pg.PlotWidget(axisItems={"bottom": CaseAxis("bottom"), "left": ColumnAxis("left")})
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.bars = pg.ErrorBarItem()
        self.dots = pg.ScatterPlotItem(size=11, hoverable=True, tip=lambda x, y, data: str(data))
        self.known = pg.PlotCurveItem()
        self.ahead = pg.PlotCurveItem()
        for item in (self.known, self.ahead, self.bars, self.dots):
            self.plot.addItem(item)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.plot)
        look().changed.connect(self._draw)
        self._draw()

    def show_plan(self, points: Sequence[Mapping[str, Any]], curve: Mapping[str, float]) -> None:
        self.points, self._curve = list(points), curve
        self._draw()

    def _draw(self) -> None:
        tokens = look().tokens
        self.plot.setBackground(tokens["plot"])
        for side, words in (("bottom", self.tr("Labelled training cases")), ("left", self.tr("Test Dice"))):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(tokens["grid"]))
            axis.setTextPen(pg.mkPen(tokens["muted"]))
            axis.enableAutoSIPrefix(False)
            axis.setLabel(words, color=tokens["muted"])
        cases = np.array([float(point["cases"]) for point in self.points])
        dice = np.array([float(point["dice"]) for point in self.points])
        low = np.array([float(point["low"] if point["low"] is not None else point["dice"]) for point in self.points])
        high = np.array([float(point["high"] if point["high"] is not None else point["dice"]) for point in self.points])
        places = np.log2(cases) if len(cases) else cases
        self.dots.setData(
            x=places, y=dice, data=[self._told(point) for point in self.points],
            brush=pg.mkBrush(tokens["val"]), pen=pg.mkPen(tokens["plot"]),
        )  # fmt: skip
        self.bars.setData(
            x=places, y=dice, top=high - dice, bottom=dice - low, beam=0.12, pen=pg.mkPen(tokens["val"], width=2)
        )
        self.bars.setVisible(bool((high > low).any()))
        shown = bool(self._curve) and len(cases) > 0
        for item in (self.known, self.ahead):
            item.setVisible(shown)
        if shown:
            self._draw_curve(float(cases.min()), float(cases.max()))
        self.setAccessibleDescription("; ".join(self._told(point) for point in self.points))
        self._show_all(places, low, high, last=float(cases.max()) * BEYOND if shown else 0.0)

    def _show_all(self, places: Any, low: Any, high: Any, *, last: float) -> None:
        """At least a tenth of Dice upwards: noise must not look like a slope."""
        if not len(places):
            self.plot.setRange(xRange=(0, 4), yRange=(0, 1), padding=0.05)
            return
        middle = (float(low.min()) + float(high.max())) / 2
        half = max(0.05, (float(high.max()) - float(low.min())) / 2)
        right = max(float(places.max()), float(np.log2(last)) if last else 0.0, float(places.min()) + 1)
        self.plot.setRange(
            xRange=(float(places.min()), right), yRange=(max(0.0, middle - half), middle + half), padding=0.08
        )

    def _draw_curve(self, first: float, last: float) -> None:
        from PySide6.QtCore import Qt

        a, b, c = (float(self._curve[name]) for name in "abc")
        best = look().tokens["best"]
        for item, low, high, style in (
            (self.known, first, last, Qt.PenStyle.SolidLine),
            (self.ahead, last, last * BEYOND, Qt.PenStyle.DashLine),
        ):
            some = np.geomspace(low, high, 60)
            item.setData(np.log2(some), a - b * some**-c, antialias=True)
            item.setPen(pg.mkPen(best, width=2, style=style))

    def _told(self, point: Mapping[str, Any]) -> str:
        words = self.tr("{n} cases: Dice {dice:.3f}").format(n=point["cases"], dice=point["dice"])
        if point["low"] is None:
            return words
        return words + self.tr(", 95 % interval {low:.3f} to {high:.3f}").format(low=point["low"], high=point["high"])
