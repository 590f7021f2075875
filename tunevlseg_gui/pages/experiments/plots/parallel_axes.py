"""The axes of parallel coordinates: which are shown, turned round, logarithmic; where values lie on them. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from tunevlseg_gui.pages.experiments.study_data import Column, Floats, Study


@dataclass
class ParallelAxes:
    """The settings, then the objectives, from left to right."""

    columns: tuple[Column, ...] = ()
    flipped: set[str] = field(default_factory=set)
    turned: set[str] = field(default_factory=set)
    """Axes whose scale differs from the searched one: linear in place of logarithmic, or the other way."""

    def use(self, study: Study) -> None:
        self.columns = study.columns

    def can_be_log(self, column: Column) -> bool:
        known = column.values[np.isfinite(column.values)]
        return column.kind != "choice" and (column.low > 0 if column.low == column.low else bool((known > 0).all()))

    def is_log(self, column: Column) -> bool:
        return column.log != (column.key in self.turned) and self.can_be_log(column)

    def units(self, column: Column) -> Floats:
        """(n,): 0 at the bottom of the axis, 1 at its top; NaN where a trial has no value."""
        return self._units(column, column.values)

    def unit(self, column: Column, place: float) -> float:
        """Of a place on the column's own axis (a logarithm where it is logarithmic)."""
        value = 10**place if column.log else place
        return float(self._units(column, np.array([value]))[0])

    def place(self, column: Column, unit: float) -> float:
        """The other way round."""
        low, high = self._ends(column)
        shown = low + (1 - unit if column.key in self.flipped else unit) * (high - low)
        value = 10**shown if self.is_log(column) else shown
        return math.log10(max(value, 1e-300)) if column.log else value

    def ticks(self, column: Column) -> list[tuple[float, str]]:
        """Some places of the axis with their words."""
        low, high = self._ends(column)
        if column.kind == "choice":
            values = [float(at) for at in range(len(column.choices))]
        elif self.is_log(column):
            values = [10.0**at for at in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
            values = values if len(values) > 1 else [10**low, 10**high]
        elif column.kind == "int" and high - low <= 12:
            values = [float(at) for at in range(math.ceil(low), math.floor(high) + 1)]
        else:
            values = [low + at * (high - low) / 4 for at in range(5)]
        places = self._units(column, np.array(values))
        words = [column.told(value) if column.kind != "float" else f"{value:.3g}" for value in values]
        return list(zip((float(place) for place in places), words, strict=True))

    def _ends(self, column: Column) -> tuple[float, float]:
        low, high = column.extent
        if self.is_log(column) == column.log:
            return low, high
        if column.log:
            return 10**low, 10**high
        known = column.values[np.isfinite(column.values) & (column.values > 0)]
        bottom = (
            column.low if column.low == column.low and column.low > 0 else float(known.min()) if len(known) else 1.0
        )
        return math.log10(bottom), math.log10(max(10**-300, column.high if column.high == column.high else high))

    def _units(self, column: Column, values: Floats) -> Floats:
        low, high = self._ends(column)
        with np.errstate(invalid="ignore", divide="ignore"):
            shown = np.log10(values) if self.is_log(column) else values
        found: Floats = (shown - low) / (high - low if high > low else 1.0)
        return 1 - found if column.key in self.flipped else found
