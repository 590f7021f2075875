"""The scores of a run: every evaluation beside the others, its cases worst first, the answer over the chosen one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engine.runs.scores import EMPTY_MASKS, CaseScore, Evaluation, evaluations
from engine.runs.statistics import LEAST_FOR_INTERVAL
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.case_picture import AHEAD, CasePicture
from tunevlseg_gui.pages.runs.evaluate_bar import EvaluateBar
from tunevlseg_gui.pages.runs.score_rows import UNDEFINED, Rows, case_heads, case_rows, summary_heads, summary_rows
from tunevlseg_gui.widgets.plain_table import PlainTable
from tunevlseg_gui.widgets.text import label

Found = list[tuple[Evaluation, list[dict[str, Any]]]]


class ScoresPanel(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scoresPanel")
        self._folder = Path()
        self._evaluation: Evaluation | None = None
        self._wanted: tuple[Evaluation, str] | None = None
        self.bar = EvaluateBar(client)
        self.bar.notice.connect(self.notice)
        self.bar.evaluated.connect(self._evaluated)
        self.summary = PlainTable("scoreSummary", self.tr("Scores by label and evaluation"), sorts=False)
        self.summary.chosen.connect(self._choose_evaluation)
        self.cases = PlainTable("scoreCases", self.tr("Cases, worst first"))
        self.cases.chosen.connect(self._choose_case)
        self.picture = CasePicture(client)
        self.picture.notice.connect(self.notice)
        self.cases_title = label("", "muted", name="casesTitle")
        self.rule = label("", "muted", wrap=True, name="scoreRule")
        self.nothing = label("", "muted", wrap=True, name="noScores")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.cases_title)
        column.addWidget(self.cases, 1)
        below = QSplitter(Qt.Orientation.Horizontal)
        below.setChildrenCollapsible(False)
        below.setHandleWidth(10)
        below.addWidget(left)
        below.addWidget(self.picture)
        below.setSizes([640, 420])
        below.setStretchFactor(0, 3)
        below.setStretchFactor(1, 2)
        self.parts = QSplitter(Qt.Orientation.Vertical)
        self.parts.setChildrenCollapsible(False)
        self.parts.setHandleWidth(10)
        self.parts.addWidget(self.summary)
        self.parts.addWidget(below)
        self.parts.setStretchFactor(0, 2)
        self.parts.setStretchFactor(1, 3)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignTop)
        rows.addWidget(self.nothing, 1)
        rows.addWidget(self.parts, 1)
        rows.addWidget(self.rule)
        self._show([])

    def show_run(self, folder: Path) -> None:
        self._folder = folder
        self.bar.show_run(folder)
        self._show([])
        self.nothing.setText(self.tr("Looking for scores…"))
        self._read()

    def _read(self) -> None:
        run_task(self, partial(_read, self._folder), self._take)

    def _evaluated(self, folder: Path) -> None:
        if folder == self._folder:
            self._read()

    def _take(self, found: tuple[Path, Found]) -> None:
        if found[0] == self._folder:
            self._show(found[1])

    def _show(self, found: Found) -> None:
        self.nothing.setText(
            self.tr(
                "No scores yet. A run is scored on its test split when it ends, where there is one; or evaluate it."
            )
        )
        self.nothing.setVisible(not found)
        self.parts.setVisible(bool(found))
        self.rule.setVisible(bool(found))
        rows = summary_rows(found)
        self.summary.show_rows(summary_heads(), rows)
        self.summary.setColumnHidden(UNDEFINED, all(cells[UNDEFINED].key is None for cells, _ in rows))
        if not found:
            self.picture.stop()
            return
        patients = any(evaluation.knows_patients for evaluation, _ in found)
        drawn = self.tr("patients") if patients else self.tr("cases")
        how = self.tr("Intervals: 95 %, bootstrap (BCa), whole {drawn} drawn; none below {least} of them.")
        synthetic = any(evaluation.about.get("synthetic") for evaluation, _ in found)
        parts = [EMPTY_MASKS, how.format(drawn=drawn, least=LEAST_FOR_INTERVAL)]
        self.rule.setText(" ".join([*parts, *([self.tr("Drawn (synthetic) images.")] if synthetic else [])]))
        newest = max(range(len(found)), key=lambda at: str(found[at][0].about.get("time") or ""))
        rows = self.summary.values.rows
        at = next((at for at, row in enumerate(rows) if row[1][0] is found[newest][0]), 0)
        self.summary.setCurrentIndex(self.summary.values.index(at, 0))  # selectRow finds no column from right to left

    def _choose_evaluation(self, meaning: tuple[Evaluation, str]) -> None:
        evaluation, name = meaning
        rows = [row for row in evaluation.rows if name in ("all", row.label)]
        self.cases_title.setText(
            self.tr("{n} scores of {evaluation}, worst first").format(n=f"{len(rows):,}", evaluation=evaluation.name)
        )
        if evaluation is not self._evaluation:
            self._evaluation = evaluation
            self.picture.show_runs([("", self._folder)], evaluation.data)
        self._wanted = meaning
        run_task(self, partial(case_rows, rows), partial(self._show_cases, meaning))

    def _show_cases(self, meaning: tuple[Evaluation, str], rows: Rows) -> None:
        if meaning is self._wanted:
            self.cases.show_rows(case_heads(), rows, sort=(2, False))

    def _choose_case(self, row: CaseScore) -> None:
        below = [known.case for _, known in self.cases.values.rows]
        at = below.index(row.case)
        self.picture.show_case(row.case, list(dict.fromkeys(below[at + 1 : at + 4 * AHEAD])))


def _read(folder: Path) -> tuple[Path, Found]:
    return folder, [(evaluation, evaluation.summary()) for evaluation in evaluations(folder)]
