"""Which trials are selected, in all plots at once: by ranges that were brushed, or one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from tunevlseg_gui.pages.experiments.study_data import Bools, Study

Limits = tuple[float, float]


class Selection(QObject):
    """`limits`: column's key → [low, high] in places of its axis; `current`: the number of the trial looked at.

    Limits outlive another reading of the study; a trial that is chosen in the table counts as long as no range does.
    """

    changed = Signal()
    current_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.limits: dict[str, Limits] = {}
        self.picked: frozenset[int] = frozenset()  # trials that were chosen by number
        self.current: int | None = None

    @property
    def active(self) -> bool:
        return bool(self.limits) or len(self.picked) > 1

    def brush(self, limits: Mapping[str, Limits | None], *, only: bool = False) -> None:
        """Sets the ranges of some columns (None: any); with `only`, of all others too."""
        kept = {} if only else dict(self.limits)
        for key, pair in limits.items():
            if pair is None:
                kept.pop(key, None)
            else:
                kept[key] = (min(pair), max(pair))
        self.picked = frozenset()
        if kept != self.limits or not only:
            self.limits = kept
            self.changed.emit()

    def pick(self, numbers: frozenset[int]) -> None:
        """Trials by number; they replace what was brushed."""
        if numbers != self.picked or self.limits:
            self.picked, self.limits = numbers, {}
            self.changed.emit()

    def clear(self) -> None:
        if self.active or self.picked:
            self.limits, self.picked = {}, frozenset()
            self.changed.emit()

    def look_at(self, number: int | None) -> None:
        if number != self.current:
            self.current = number
            self.current_changed.emit()

    def mask(self, study: Study) -> Bools:
        """(n,): the selected trials; all of them while nothing is selected."""
        chosen = np.ones(study.n, np.bool_)
        if len(self.picked) > 1:
            return np.isin(study.numbers, np.array(sorted(self.picked), np.int64))
        for key, (low, high) in self.limits.items():
            column = study.column(key)
            if column is not None:
                with np.errstate(invalid="ignore"):
                    chosen &= (column.places >= low) & (column.places <= high)
        return chosen

    def region(self, study: Study) -> dict[str, list[Any]]:
        """The brushed ranges of settings as the engine takes them: [low, high], or choices. Objectives are left out:
        what a trial will reach cannot be banned."""
        found: dict[str, list[Any]] = {}
        for column in study.params:
            if column.key not in self.limits:
                continue
            low, high = self.limits[column.key]
            if column.kind == "choice":
                found[column.key] = [one for at, one in enumerate(column.choices) if low <= at <= high]
            elif column.kind == "int":
                found[column.key] = [int(np.ceil(low)), int(np.floor(high))]
            else:
                found[column.key] = [float(f"{column.at(low):.6g}"), float(f"{column.at(high):.6g}")]
        return {key: limits for key, limits in found.items() if limits and (not _empty(limits))}


def _empty(limits: list[Any]) -> bool:
    """A whole number's range that holds no whole number."""
    return (
        len(limits) == 2
        and all(isinstance(one, int) and not isinstance(one, bool) for one in limits)
        and (limits[0] > limits[1])
    )
