"""Two or more runs beside each other: curves, settings that differ, and their cases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from engine.contract.jobs import Report
from engine.runs.comparison import differing_settings
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import setting_title
from tunevlseg_gui.pages.runs.compare_cases import CompareCases
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.pages.runs.sides import Side, read_sides
from tunevlseg_gui.translation import from_engine
from tunevlseg_gui.widgets.band_plot import BandPlot, Repeats
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.plain_table import Cell, PlainTable, text_cell
from tunevlseg_gui.widgets.text import label


class CompareView(QWidget):
    back_wanted = Signal()
    report_wanted = Signal(object)  # sequence of RunRow
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compareView")
        self._rows: tuple[RunRow, ...] = ()
        self.sides: list[Side] = []
        self.header = PageHeader(self.tr("Comparison"))
        self.header.add(button(self.tr("All runs"), "compareBack", self._back, role="flat", picture="back"))
        self.report = button(
            self.tr("Report…"), "compareReport", lambda: self.report_wanted.emit(self._rows), picture="report"
        )
        self.header.add(self.report)
        self.header.add(command_button("compareCommand", self.tr("Show the command"), self._job))
        self.curves = BandPlot(self.tr("Validation Dice"), "compareCurves", self.tr("Epoch"))
        self.band = label("", "muted", wrap=True, name="compareBand")
        self.settings = PlainTable("compareSettings", self.tr("Settings that differ"), sorts=False)
        self.settings_title = label("", "muted", name="compareSettingsTitle")
        self.cases = CompareCases(client)
        self.cases.notice.connect(self.notice)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("compareTabs")
        self.tabs.tabBar().setObjectName("compareTabsBar")
        self.tabs.tabBar().setAccessibleName(self.tr("Parts of the comparison"))
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._overview(), self.tr("Curves and settings"))
        self.tabs.addTab(self.cases, self.tr("Cases"))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(8)
        rows.addWidget(self.header)
        rows.addWidget(self.tabs, 1)

    def _overview(self) -> QWidget:
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.setChildrenCollapsible(False)
        whole.setHandleWidth(10)
        for widgets in ((self.curves, self.band), (self.settings_title, self.settings)):
            part = QWidget()
            rows = QVBoxLayout(part)
            rows.setContentsMargins(0, 12, 0, 0)
            rows.setSpacing(4)
            for widget in widgets:
                rows.addWidget(widget, int(widget in (self.curves, self.settings)))
            whole.addWidget(part)
        whole.setSizes([600, 520])
        return whole

    def _back(self) -> None:
        self.cases.picture.stop()
        self.back_wanted.emit()

    def _job(self) -> Report | None:
        """In a terminal the comparison is a report."""
        return Report([str(row.folder) for row in self._rows], "comparison.html") if self._rows else None

    def show_runs(self, rows: Sequence[RunRow]) -> None:
        self._rows = tuple(rows)
        self._show([])
        run_task(self, partial(read_sides, self._rows), partial(self._take, self._rows))

    def _take(self, rows: tuple[RunRow, ...], sides: list[Side]) -> None:
        if rows == self._rows:
            self._show(sides)

    def _show(self, sides: list[Side]) -> None:
        self.sides = sides
        self.header.set_line(", ".join(row.name for row in self._rows))
        several = any(side.repeats > 1 for side in sides)
        self.band.setText(self.tr("Band: from the lowest to the highest seed; line: their mean.") if several else "")
        self.curves.show_groups([Repeats(side.title, side.curves) for side in sides])
        apart = {"name", "seed"} if several else {"name"}
        recipes = [{key: value for key, value in side.recipe.items() if key not in apart} for side in sides]
        found = differing_settings(recipes) if len(sides) > 1 else []
        words = {0: self.tr("No settings differ."), 1: self.tr("One setting differs")}.get(
            len(found), self.tr("{n} settings differ").format(n=len(found))
        )
        self.settings_title.setText(words if sides else "")
        heads = [self.tr("Setting"), *(side.title for side in sides)]
        self.settings.show_rows(heads, [(_setting_cells(path, values), path) for path, values in found])
        self.cases.show_sides(sides)


def _setting_cells(path: str, values: Sequence[str]) -> list[Cell]:
    """Its place in the recipe, under the mouse what a person calls it; then what each side has."""
    return [text_cell(path, tip=from_engine(setting_title(path))), *(text_cell(value) for value in values)]
