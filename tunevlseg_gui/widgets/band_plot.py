"""Curves of several runs over epochs; repetitions of one run as a band with their mean. Imports pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.data.palette import PALETTE
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.curve_axes import EpochAxis

_ON_LIGHT, _ON_DARK = (4, 0, 2, 6, 5, 7), (1, 0, 2, 6, 5, 7)
"""All but yellow, which does not show on white; the two blues each where they show."""


def colour_of(number: int) -> str:
    """The colour of a run by its place, on the ground of the present theme."""
    places = _ON_DARK if look().dark else _ON_LIGHT
    return PALETTE[places[number % len(places)]]


@dataclass(frozen=True)
class Repeats:
    """One line, or several that are drawn as a band from the lowest to the highest with their mean."""

    name: str
    lines: Sequence[Sequence[tuple[float, float]]]


class BandPlot(QWidget):
    def __init__(self, title: str, name: str, bottom: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._title, self._bottom = title, bottom
        self._groups: list[Repeats] = []
        self._plot = pg.PlotWidget(axisItems={"bottom": EpochAxis("bottom")})
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        self._legend = self._plot.addLegend(offset=(-8, -8))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._plot)
        look().changed.connect(self.redraw)

    @property
    def groups(self) -> list[Repeats]:
        """What is drawn."""
        return self._groups

    def show_groups(self, groups: Sequence[Repeats]) -> None:
        self._groups = [group for group in groups if any(group.lines)]
        self.setAccessibleDescription(", ".join(group.name for group in self._groups))
        self.redraw()

    def redraw(self) -> None:
        tokens = look().tokens
        self._plot.clear()
        self._plot.setBackground(tokens["plot"])
        self._plot.setTitle(self._title, color=tokens["text"], size="10pt")
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(tokens["grid"]))
            axis.setTextPen(pg.mkPen(tokens["muted"]))
        self._plot.setLabel("bottom", self._bottom, color=tokens["muted"])
        self._plot.showGrid(x=False, y=True, alpha=0.25)
        self._legend.setLabelTextColor(tokens["text"])
        for number, group in enumerate(self._groups):
            self._draw(group, colour_of(number))

    def _draw(self, group: Repeats, colour: str) -> None:
        lines = [line for line in group.lines if line]
        pen = pg.mkPen(colour, width=2)
        if len(lines) == 1:
            self._plot.plot(*map(list, zip(*lines[0], strict=True)), pen=pen, name=group.name)
            return
        known = [dict(line) for line in lines]
        epochs = sorted({epoch for one in known for epoch in one})
        by_epoch = [[one[epoch] for one in known if epoch in one] for epoch in epochs]
        unseen = pg.mkPen(0, 0, 0, 0)
        low = pg.PlotCurveItem(epochs, [min(values) for values in by_epoch], pen=unseen)
        high = pg.PlotCurveItem(epochs, [max(values) for values in by_epoch], pen=unseen)
        ground = pg.mkColor(colour)
        ground.setAlpha(60)
        self._plot.addItem(low)
        self._plot.addItem(high)
        self._plot.addItem(pg.FillBetweenItem(low, high, brush=pg.mkBrush(ground)))
        self._plot.plot(epochs, [float(np.mean(values)) for values in by_epoch], pen=pen, name=group.name)
