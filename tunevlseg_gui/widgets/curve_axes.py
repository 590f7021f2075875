"""Axes of curves: whole epochs or minutes below, values to the left, plain or logarithmic."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtWidgets import QGraphicsItem

from tunevlseg_gui.theme.look import look

NARROW_DECADES = 1.3
LONG = 300
"""Epochs from which the axis grows in steps."""


class EpochAxis(pg.AxisItem):  # type: ignore[misc]
    """Whole epochs only; minutes as they come."""

    whole = True

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        return [(max(1, math.ceil(spacing)), 0) for spacing, _ in found[:1]] if self.whole else found


class ValueAxis(pg.AxisItem):  # type: ignore[misc]
    """Where it is logarithmic and spans little, round values rather than the only power of ten or none."""

    def logTickValues(self, low: float, high: float, size: float, usual: Any) -> list[tuple[float | None, list[float]]]:
        if high - low > NARROW_DECADES:
            found: list[tuple[float | None, list[float]]] = super().logTickValues(low, high, size, usual)
            return found
        (spacing, _), *_ = super().tickSpacing(10**low, 10**high, size)
        first = math.ceil(10**low / spacing)
        last = math.floor(10**high / spacing)
        return [(None, [math.log10(step * spacing) for step in range(max(1, first), last + 1)])]

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{scale * 10**value:.3g}" for value in values]


def epochs_shown(last: float) -> tuple[float, float]:
    """What the axis spans for a run that has come to `last`, its epochs.

    A long run's axis grows by a fiftieth at a time: with every epoch, each curve would be thinned anew.
    """
    return 1.0, max(_roomy(last), 5.0)


def minutes_shown(last: float) -> tuple[float, float]:
    """The same over minutes."""
    return 0.0, max(_roomy(last), 0.1)


def _roomy(end: float) -> float:
    if end <= LONG:
        return end
    step = 1.02 ** math.ceil(math.log(end, 1.02) - 1e-9)
    return float(math.ceil(step))


def keep_as_pixels(plot: pg.PlotWidget, on: bool) -> None:
    """Axes as pixels until they change: their texts would be laid out anew with every epoch. Not in a file."""
    kept, drawn = QGraphicsItem.CacheMode.DeviceCoordinateCache, QGraphicsItem.CacheMode.NoCache
    for side in ("left", "bottom"):
        plot.getAxis(side).setCacheMode(kept if on else drawn)


def paint_axes(plot: pg.PlotWidget) -> None:
    """In the colours of the theme."""
    tokens = look().tokens
    plot.setBackground(tokens["plot"])
    for side in ("left", "bottom"):
        axis: Any = plot.getAxis(side)
        axis.setPen(pg.mkPen(tokens["grid"]))
        axis.setTextPen(pg.mkPen(tokens["muted"]))
        axis.enableAutoSIPrefix(False)
    plot.showGrid(x=False, y=True, alpha=0.25)
