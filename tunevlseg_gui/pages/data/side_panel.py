"""Beside the grid: labels, split, problems and plots of the dataset, a tab each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.data.labels_panel import LabelsPanel
from tunevlseg_gui.pages.data.problem_list import ProblemList
from tunevlseg_gui.pages.data.repairs import Repairs
from tunevlseg_gui.pages.data.split_editor import SplitEditor
from tunevlseg_gui.project import Project
from tunevlseg_gui.widgets.text import label
from tunevlseg_gui.widgets.turns import in_turn

if TYPE_CHECKING:
    from tunevlseg_gui.pages.data.plots_panel import PlotsPanel


LABELS, SPLIT, PROBLEMS, PLOTS = range(4)
"""The tabs."""


class SidePanel(QTabWidget):
    notice = Signal(object)  # Notice
    cases_wanted = Signal(list)  # case ids: show these alone in the grid
    look_wanted = Signal()  # the dataset is to be looked at again

    def __init__(self, client: EngineClient, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataTabs")
        self.setDocumentMode(False)
        self._project = project
        self.labels = LabelsPanel(project)
        self.split = SplitEditor()
        self.problems = ProblemList()
        self.repairs = Repairs(client, project, self)
        self._plots: PlotsPanel | None = None
        self._stale = False  # the plots show another report than the last
        self._plot_page = QWidget()
        QVBoxLayout(self._plot_page).setContentsMargins(0, 0, 0, 0)
        self.details = label("", "muted", wrap=True, name="datasetDetails")
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        split = QWidget()
        rows = QVBoxLayout(split)
        rows.setContentsMargins(12, 12, 12, 12)
        rows.setSpacing(14)
        rows.addWidget(self.split)
        rows.addWidget(self.details)
        rows.addStretch(1)
        for page, title in (
            (_scrolled(self.labels), self.tr("Labels")),
            (_scrolled(split), self.tr("Split")),
            (self.problems, self.tr("Problems")),
            (_scrolled(self._plot_page), self.tr("Plots")),
        ):
            self.addTab(page, title)
        self.currentChanged.connect(self._shown)
        self.problems.cases_wanted.connect(self.cases_wanted)
        self.problems.repair_wanted.connect(self.repairs.begin)
        self.labels.merge_wanted.connect(self.repairs.merge)
        for part in (self.labels, self.repairs):
            part.notice.connect(self.notice)
            part.look_wanted.connect(self.look_wanted)
        self.show_project()

    @property
    def plots(self) -> PlotsPanel:
        """Made when it is first looked at: plots bring a library of their own."""
        if self._plots is None:
            from tunevlseg_gui.pages.data.plots_panel import PlotsPanel

            self._plots = PlotsPanel(self._project)
            layout = self._plot_page.layout()
            assert layout is not None
            layout.addWidget(self._plots)
        return self._plots

    def show_project(self) -> None:
        """Draws what is known of the project's dataset, a part a turn: labels and problems may be many."""
        found = self._project.found
        for part in (self.labels.show_labels, self.show_split, self.show_problems):
            in_turn(self, part)
        self.details.setText("\n".join(filter(None, [found.layout, found.details, *found.facts])) if found else "")
        self._stale = self._plots is not None
        self._shown(self.currentIndex())

    def show_problems(self) -> None:
        """Those that are known, and their number on the tab."""
        found = self._project.found
        self.problems.show_problems(found.problems if found else None)
        errors = sum(problem.get("severity") == "error" for problem in found.problems) if found else 0
        count = len(found.problems) if found else 0
        self.setTabText(PROBLEMS, self.tr("Problems ({count})").format(count=count) if count else self.tr("Problems"))
        self.setTabToolTip(
            PROBLEMS,
            self.tr("{errors} left out, {count} to look at").format(errors=errors, count=count - errors)
            if count
            else "",
        )

    def show_split(self) -> None:
        """Shares and sizes of the splits as they are edited."""
        found = self._project.found
        self.split.show_split(self._project.split)
        self.split.show_sizes(self._project.split_sizes(), volumes=bool(found and found.kind != "pictures"))

    def _shown(self, index: int) -> None:
        if index == PLOTS:
            plots = self.plots
            if self._stale:
                plots.show_found()
            self._stale = False


def _scrolled(inside: QWidget) -> QScrollArea:
    """Small windows and large type scroll instead of cutting."""
    inside.setObjectName(inside.objectName() or "scrolled")
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setWidget(inside)
    return made
