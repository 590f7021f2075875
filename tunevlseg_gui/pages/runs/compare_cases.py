"""Two runs on the same cases: verdict, a point a case, labels, cases worst first, both answers over the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from engine.runs.scores import EMPTY_MASKS, METRICS
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.case_picture import AHEAD, CasePicture
from tunevlseg_gui.pages.runs.score_rows import (
    Rows,
    digits_of,
    label_heads,
    metric_tip,
    metric_title,
    pair_heads,
    pair_rows,
)
from tunevlseg_gui.pages.runs.sides import Outcome, Side, outcome
from tunevlseg_gui.pages.runs.verdict_box import VerdictBox, difference_text, in_short
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.pair_plot import PairPlot
from tunevlseg_gui.widgets.plain_table import Cell, PlainTable, number_cell, text_cell
from tunevlseg_gui.widgets.text import label


class CompareCases(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compareCases")
        self._sides: list[Side] = []
        self._outcome: Outcome | None = None
        self._asked = 0
        self._pictured: tuple[list[tuple[str, Path]], str] = ([], "")
        self.first = self._combo("compareFirst", self.tr("First"))
        self.second = self._combo("compareSecond", self.tr("Second"))
        self.evaluation = self._combo("compareEvaluation", self.tr("Scored on"))
        self.label = self._combo("compareLabel", self.tr("Label"))
        self.metric = self._combo("compareMetric", self.tr("Metric"))
        for name in METRICS:
            self.metric.addItem(metric_title(name), name)
            self.metric.setItemData(self.metric.count() - 1, metric_tip(name), Qt.ItemDataRole.ToolTipRole)
        self.verdict = VerdictBox()
        self.plot = PairPlot(self.tr("Scores of each case by both"), "pairPlot")
        self.plot.chosen.connect(self._choose_point)
        self.plot.setMinimumHeight(90)
        self.cases = PlainTable("compareCasesTable", self.tr("Cases, worst first"))
        self.cases.chosen.connect(self._choose_pair)
        self.labels = PlainTable("compareLabels", self.tr("Labels"), sorts=False)
        self.picture = CasePicture(client)
        self.picture.notice.connect(self.notice)
        self._lay_out()

    def _combo(self, name: str, title: str) -> QComboBox:
        made = QComboBox()
        made.setObjectName(name)
        made.setAccessibleName(title)
        made.setToolTip(title)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.activated.connect(lambda _at: self._compare())
        return made

    def _lay_out(self) -> None:
        line = FlowLayout(spacing=8)  # two lines in a small window
        against = label(self.tr("against"), "muted")
        line.addWidget(_beside(self.second, against, self.first))
        line.addWidget(_beside(label(self.tr("on"), "muted"), self.evaluation))
        for combo in (self.label, self.metric):
            line.addWidget(combo)  # "all labels", "Dice": they say themselves what they are
        tables = QTabWidget()
        tables.setObjectName("compareTables")
        tables.tabBar().setObjectName("compareTablesBar")
        tables.tabBar().setAccessibleName(self.tr("Cases or labels"))
        tables.setDocumentMode(True)
        tables.addTab(self.cases, self.tr("Cases, worst first"))
        tables.addTab(self.labels, self.tr("Labels"))
        left, right = QSplitter(Qt.Orientation.Vertical), QWidget()
        left.addWidget(self.plot)
        left.addWidget(self.picture)
        column = QVBoxLayout(right)  # the verdict is as high as its words need
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.verdict)
        column.addWidget(tables, 1)
        whole = QSplitter(Qt.Orientation.Horizontal)
        for splitter in (left, whole):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(10)
        whole.addWidget(left)
        whole.addWidget(right)
        whole.setSizes([470, 650])
        left.setSizes([330, 270])
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 12, 0, 0)
        rows.setSpacing(8)
        rows.addLayout(line)
        rows.addWidget(whole, 1)
        rows.addWidget(label(EMPTY_MASKS, "muted", wrap=True))

    def show_sides(self, sides: Sequence[Side]) -> None:
        self._sides, self._pictured = list(sides), ([], "")
        for combo in (self.first, self.second):
            combo.clear()
            for side in sides:
                combo.addItem(side.title)
        self.second.setCurrentIndex(min(1, len(sides) - 1))
        self.evaluation.clear()
        names = list(dict.fromkeys(name for side in sides for name in side.scores))
        self.evaluation.addItems(names)
        self._fill_labels()
        self._compare()

    def _fill_labels(self) -> None:
        name = self.evaluation.currentText()
        found = [side.scores[name].labels for side in self._sides if name in side.scores]
        labels = list(dict.fromkeys(one for labels in found for one in labels))
        if [self.label.itemData(at) for at in range(1, self.label.count())] != labels:
            self.label.clear()
            self.label.addItem(self.tr("all labels"), "")
            for one in labels:
                self.label.addItem(one, one)

    @property
    def chosen(self) -> tuple[Side, Side] | None:
        """First and second."""
        at = (self.first.currentIndex(), self.second.currentIndex())
        return (self._sides[at[0]], self._sides[at[1]]) if min(at) >= 0 and len(self._sides) > 1 else None

    @property
    def found(self) -> Outcome | None:
        """What is shown."""
        return self._outcome

    def _compare(self) -> None:
        sides = self.chosen
        self._fill_labels()
        if sides is None:
            self._take(self._asked, (None, []))
            return
        self._asked += 1
        asked = self._asked
        work = partial(
            _compared,
            *sides,
            self.evaluation.currentText(),
            str(self.metric.currentData()),
            str(self.label.currentData() or ""),
        )
        run_task(self, work, partial(self._take, asked))

    def _take(self, asked: int, compared: tuple[Outcome | None, Rows]) -> None:
        found, rows = compared
        sides = self.chosen
        if asked != self._asked:
            return
        self._outcome = found
        metric = str(self.metric.currentData())
        names = (sides[0].title, sides[1].title) if sides else ("", "")
        row = self.cases.currentIndex().row()
        before = self.cases.values.rows[row][1] if row >= 0 else None
        patients = bool(found) and any(name.startswith("patient ") for name in found.pairs.clusters)
        what = self.tr("patients") if patients else self.tr("cases")
        self.verdict.show_outcome(*names, metric, metric_title(metric), found, what)
        self._show_points(found, names)
        self._show_tables(found, rows, names, metric)
        shown = [(side.name, side.folders[0]) for side in sides] if sides else []
        if (shown, self._data()) != self._pictured:
            self._pictured = (shown, self._data())
            self.picture.show_runs(*self._pictured)
        if before is not None:
            self.cases.choose(before)  # by another metric the same case is looked at

    def _data(self) -> str:
        """The folder that was scored, where it is not the runs' own."""
        sides, name = self.chosen, self.evaluation.currentText()
        return sides[0].scores[name].data if sides and name in sides[0].scores else ""

    def _show_points(self, found: Outcome | None, names: tuple[str, str]) -> None:
        if found is None:
            self.plot.show_points((), (), names)
        else:
            self.plot.show_points(
                list(zip(found.pairs.first, found.pairs.second, strict=True)), found.pairs.keys, names
            )

    def _show_tables(self, found: Outcome | None, rows: Rows, names: tuple[str, str], metric: str) -> None:
        self.cases.show_rows(pair_heads(names, metric), rows)
        digits = digits_of(metric)
        told = []
        for name, one, other, count, compared in () if found is None else found.labels:
            words, tone = in_short(compared, metric)
            shown = Cell(difference_text(compared, digits), compared.difference.mean)
            cells = [text_cell(name), Cell(str(count), count), number_cell(one, digits), number_cell(other, digits)]
            told.append(([*cells, shown, text_cell(words, tone)], name))
        self.labels.show_rows(label_heads(names, metric), told)

    def _choose_point(self, number: int) -> None:
        if self._outcome is not None:
            self.cases.choose(self._outcome.pairs.keys[number])

    def _choose_pair(self, pair: tuple[str, str]) -> None:
        if self._outcome is None:
            return
        self.plot.mark(self._outcome.pairs.keys.index(pair))
        order = list(dict.fromkeys(case for _, (case, _) in self.cases.values.rows))
        at = order.index(pair[0])
        self.picture.show_case(pair[0], order[at + 1 : at + AHEAD])


def _beside(*widgets: QWidget) -> QWidget:
    """As one, on one line."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 8, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    return made


def _compared(first: Side, second: Side, evaluation: str, metric: str, label: str) -> tuple[Outcome | None, Rows]:
    """On a pool thread: thousands of rows take longer to make than the window may stand still."""
    found = outcome(first, second, evaluation, metric, label)
    return found, [] if found is None else pair_rows(found.pairs, metric)
