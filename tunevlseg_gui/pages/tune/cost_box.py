"""Time, memory and disk of the run in sight, beside what this computer has."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.contract.durations import duration
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.tune.draft import size_in_words
from tunevlseg_gui.widgets.text import card, label

_PARTS = ("time", "memory", "disk")


class CostBox(QWidget):
    """`show_costs` takes the answer to Estimate, or a dictionary with only `words` while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._costs: dict[str, Any] = {}
        self._free = 0
        self.time, self.memory, self.disk = (label("–", "number", name=f"cost_{name}") for name in _PARTS)
        self.beside = {name: label("", "muted", wrap=True, name=f"costOf_{name}") for name in _PARTS}
        self.words = label("", "muted", wrap=True, name="reviewEstimate")
        self.learned = label("", wrap=True, name="reviewLearned")
        self.warnings = label("", "problem", wrap=True, name="reviewWarnings")
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(2)
        titles = (self.tr("Time, at most"), self.tr("Memory"), self.tr("Disk"))
        for column, (name, title, number) in enumerate(
            zip(_PARTS, titles, (self.time, self.memory, self.disk), strict=True)
        ):
            grid.addWidget(label(title, "muted"), 0, column)
            grid.addWidget(number, 1, column)
            grid.addWidget(self.beside[name], 2, column)
            grid.setColumnStretch(column, 1)
        frame = card("reviewOutlook")
        rows = QVBoxLayout(frame)
        rows.setContentsMargins(18, 14, 18, 14)
        rows.setSpacing(10)
        rows.addWidget(label(self.tr("What it will take"), "heading"))
        rows.addLayout(grid)
        for part in (self.words, self.learned, self.warnings):
            rows.addWidget(part)
            part.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    @property
    def problem(self) -> str:
        """Why the run could not be written to the disk; empty where it can, or where nothing is known."""
        needed = int(self._costs.get("disk") or 0)
        if self._free and needed > self._free:
            return self.tr("The disk has no room for this run: {needed} are needed, {free} are free.").format(
                needed=size_in_words(needed), free=size_in_words(self._free)
            )
        return ""

    def show_costs(self, costs: dict[str, Any]) -> None:
        self._costs = costs
        known = "total" in costs
        self.time.setText(duration(float(costs["total"]), tenths=True) if known else "–")
        self.memory.setText(size_in_words(float(costs.get("memory") or 0)) if known else "–")
        self.disk.setText(size_in_words(float(costs.get("disk") or 0)) if known else "–")
        self.beside["time"].setText(
            self.tr("{first} for the first epoch").format(first=duration(float(costs["first_epoch"]), tenths=True))
            if known and "first_epoch" in costs
            else ""
        )
        available = float(costs.get("available") or 0)
        self.beside["memory"].setText(
            self.tr("of {size} available").format(size=size_in_words(available)) if available else ""
        )
        self._tell_free()
        said = "" if known else str(costs.get("words") or "")
        self.words.setText(said)
        self.words.setVisible(bool(said))

    def look_at_disk(self, folder: Path) -> None:
        """How much is free where the run would be written; asked on a pool thread, since a disk may be asleep."""

        def look() -> int:
            there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
            return shutil.disk_usage(there).free

        run_task(self, look, self._put_free)

    def show_learned(self, text: str, warnings: tuple[str, ...]) -> None:
        self.learned.setText(text)
        self.learned.setVisible(bool(text))
        self.warnings.setText("\n".join(warnings))
        self.warnings.setVisible(bool(warnings))

    def _put_free(self, free: int) -> None:
        self._free = free
        self._tell_free()

    def _tell_free(self) -> None:
        said = self.tr("of {size} free").format(size=size_in_words(self._free)) if self._free else ""
        self.beside["disk"].setText(said)
