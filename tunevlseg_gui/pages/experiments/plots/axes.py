"""The axis of a setting or an objective: its ticks are values, wherever logarithms and choices lie."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg

from tunevlseg_gui.pages.experiments.study_data import Column

WIDE, HIGH = 52, 18
"""Pixels that the words of a tick take."""


class ColumnAxis(pg.AxisItem):  # type: ignore[misc]
    """`column` may change; None: plain numbers. Values are never scaled by a thousand, unlike the library's own."""

    _laid_out = ""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.column: Column | None = None
        self.enableAutoSIPrefix(False)

    def _updateLabel(self) -> None:
        """The library lays the same words out anew for each pen and scale, a millisecond each time."""
        words = self.labelString()
        if words != self._laid_out:
            self._laid_out = words
            super()._updateLabel()
        self.picture = None
        self.update()

    def show_column(self, column: Column) -> None:
        self.column = column
        self.picture = None
        self.update()

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        if self.column is not None and self.column.kind == "choice":
            return [(1.0, [float(at) for at in range(len(self.column.choices)) if low <= at <= high])]
        found: list[tuple[float, list[float]]] = super().tickValues(low, high, size)
        if self.column is not None and self.column.log and high - low >= 0.9:
            many = (high - low) * (WIDE if self.orientation in ("bottom", "top") else HIGH) / max(1.0, size)
            every = max(1, math.ceil(many))  # so many powers of ten between two that have room
            return [
                (float(every), [float(at) for at in range(math.ceil(low), math.floor(high) + 1) if at % every == 0])
            ]
        if self.column is not None and self.column.kind == "int" and not self.column.log:
            return [
                (step, [one for one in ticks if float(one).is_integer()]) for step, ticks in found if step >= 1
            ] or [(1.0, [float(at) for at in range(math.ceil(low), math.floor(high) + 1)])]
        return found

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        column = self.column
        if column is not None and column.kind == "choice":
            return [str(column.choices[int(value)]) for value in values]
        if column is not None and column.log:
            return [f"{10**value:.3g}" for value in values]
        return [f"{value:.6g}" for value in values]
