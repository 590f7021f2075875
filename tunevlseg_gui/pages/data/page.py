"""The Data page: thumbnails with their masks, labels and phrases, split sizes, problems."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.dataset import Found
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.pages.data.case_browser import CaseBrowser
from tunevlseg_gui.pages.data.controller import DataController
from tunevlseg_gui.pages.data.large_view import LargeView
from tunevlseg_gui.pages.data.phrase_watch import PhraseWatch
from tunevlseg_gui.pages.data.side_panel import LABELS, SidePanel
from tunevlseg_gui.pages.data.undo_buttons import UndoButtons
from tunevlseg_gui.project import Project
from tunevlseg_gui.translation import counted
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import label, set_tone
from tunevlseg_gui.widgets.turns import in_turn

NOTHING, OPENED = 0, 1
"""What the body shows; a third is a case seen large."""


class DataPage(QWidget):
    notice = Signal(object)  # Notice, or None to take it away
    tune_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, client: EngineClient, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataPage")
        self.project = project
        self._client = client
        self.controller = DataController(self, client, project)
        self.header = PageHeader(self.tr("Data"), self.tr("Open a folder that holds images and their masks."))
        self.again = button(
            self.tr("Look again"),
            "inspectAgain",
            self.controller.inspect,
            picture="refresh",
            tip=self.tr("Opens every file again"),
        )
        self.tune = button(self.tr("Tune…"), "tuneDataset", self.tune_wanted.emit, role="primary", picture="tune")
        self.undo = UndoButtons(self, project.undo_stack)
        for action in (
            self.undo,
            self.again,
            button(self.tr("Open a folder…"), "openFolderHere", self.folder_wanted.emit, picture="folder"),
            self.tune,
        ):
            self.header.add(action)
        self.progress = QProgressBar()
        self.progress.setObjectName("inspectProgress")
        self.progress.setTextVisible(False)
        self.progress_text = label("", "muted", name="inspectText")
        self.cancel = button(self.tr("Cancel"), "cancelInspect", self.controller.cancel, role="flat")
        self._progress_row = QWidget()
        row = QHBoxLayout(self._progress_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.progress, 1)
        row.addWidget(self.progress_text)
        row.addWidget(self.cancel)

        self.body = QStackedWidget()
        self.browser = CaseBrowser(client, project)
        self._large: LargeView | None = None
        self.body.addWidget(self._nothing_open())
        self.body.addWidget(self._opened())
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(12)
        rows.addWidget(self.header)
        rows.addWidget(self._progress_row)
        rows.addWidget(self.body, 1)
        self.phrases = PhraseWatch(client, project, self.side.show_problems, self)
        self.browser.opened.connect(self._show_large)
        self.browser.save_wanted.connect(self._ask_where_to_save)
        for moved in (project.split_wanted, project.cases_moved):
            moved.connect(self._show_moved)
        project.changed.connect(lambda: self.tune.setEnabled(project.ready))
        self.show_busy("", 0, 0)
        self.show_project()

    def _nothing_open(self) -> QWidget:
        made = QWidget()
        rows = QVBoxLayout(made)
        rows.addStretch(1)
        for text, role in (
            (self.tr("No dataset is open"), "heading"),
            (
                self.tr("A folder with images/ and masks/ works as it is: each image needs a mask of the same name."),
                "muted",
            ),
        ):
            line = label(text, role, wrap=True)
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            rows.addWidget(line)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button(self.tr("Open a folder…"), "openFolderEmpty", self.folder_wanted.emit, picture="folder"))
        row.addStretch(1)
        rows.addSpacing(8)
        rows.addLayout(row)
        rows.addStretch(2)
        return made

    def _opened(self) -> QWidget:
        self.side = SidePanel(self._client, self.project)
        self.side.notice.connect(self.notice)
        self.side.cases_wanted.connect(self.browser.filter_bar.show_only)
        self.side.look_wanted.connect(self.controller.look_again)
        self.side.split.applied.connect(self.controller.share_out)

        pictures = QWidget()
        rows = QVBoxLayout(pictures)
        rows.setContentsMargins(0, 0, 6, 0)
        rows.setSpacing(8)
        self.chips = FlowLayout()
        rows.addLayout(self.chips)
        self.facts = label("", "muted", wrap=True, name="datasetFacts")
        rows.addWidget(self.facts)
        rows.addWidget(self.browser, 1)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(pictures)
        whole.addWidget(self.side)
        whole.setStretchFactor(0, 3)
        whole.setStretchFactor(1, 2)
        whole.setSizes([700, 460])
        whole.setChildrenCollapsible(False)
        return whole

    def open_folder(self, folder: Path) -> None:
        """Opens a dataset: every file is looked at by the engine."""
        if self._large is not None and self.body.currentWidget() is self._large:
            self._large.close_case()
        self.controller.kept.flush()
        self.project.open(folder)
        self.show_project()
        self.controller.inspect()

    def keep_edits(self) -> None:
        """What was just edited is written, before the window closes."""
        self.side.labels.editor.take_typed()
        self.controller.kept.flush()

    def import_labels(self, path: Path) -> None:
        """A table of labels of another program, for the labels of the open dataset."""
        if self.project.labels:
            self.side.setCurrentIndex(LABELS)
            self.side.labels.import_labels(path)
        else:
            told = Notice(
                self.tr("{name} is a table of labels.").format(name=path.name),
                self.tr("Open a dataset first, then drop it again."),
                "warning",
            )
            self.notice.emit(told)

    def show_project(self) -> None:
        """Draws what is known of the open dataset."""
        project = self.project
        if self._large is None or self.body.currentWidget() is not self._large or project.folder is None:
            self.body.setCurrentIndex(NOTHING if project.folder is None else OPENED)
        self.tune.setEnabled(project.ready)
        self.again.setEnabled(project.folder is not None)
        if project.folder is None:
            return
        found = project.found
        self.header.set_title(found.name if found and found.name else project.title)
        self.header.set_line(str(project.folder))
        self.side.show_project()
        self._show_chips(found)
        self._show_facts()

    @property
    def large(self) -> LargeView:
        """Made when a case is first seen large: most of the page's time went into it."""
        if self._large is None:
            self._large = LargeView(self._client, self.project, self.browser)
            self._large.closed.connect(self._leave_large)
            self.body.addWidget(self._large)
        return self._large

    def _show_large(self, row: int) -> None:
        self.body.setCurrentWidget(self.large)
        self.large.open_row(row)

    def _leave_large(self) -> None:
        self.body.setCurrentIndex(OPENED)
        self.browser.grid.setFocus()

    def _ask_where_to_save(self) -> None:
        path = self.ask_save_path()
        if path:
            self.controller.save(Path(path))

    def ask_save_path(self) -> str:
        """The dataset.yaml to write, empty where the user thought better of it."""
        folder = self.project.folder or Path()
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save splits and labels"), str(folder / "dataset.yaml"), self.tr("Dataset (dataset.yaml)")
        )
        return chosen

    def _show_moved(self) -> None:
        in_turn(self, self.side.show_split)
        in_turn(self, self._show_facts)

    def _show_facts(self) -> None:
        found = self.project.found
        facts = list(found.facts) if found else []
        if found and facts and self.project.moves:
            moved = len(self.project.moves)
            rest = [fact for fact in facts if fact != found.split_fact]
            facts = [
                *rest,
                counted("DataPage", "Split: edited, {n} cases moved", "Split: edited, {n} case moved", moved),
            ]
        self.facts.setText("   ·   ".join(facts))
        self.facts.setVisible(bool(facts))

    def _show_chips(self, found: Found | None) -> None:
        while item := self.chips.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        if found is None:
            return
        chips = [(counted("DataPage", "{n} cases", "{n} case", found.cases), "accent"), (found.layout, "")]
        if found.synthetic:
            chips.append((self.tr("synthetic: drawn by this program"), "warning"))
        for text, tone in chips:
            if text:
                chip = label(text, "chip")
                set_tone(chip, tone)
                self.chips.addWidget(chip)

    def show_busy(self, text: str, done: float, total: float) -> None:
        """The progress line; an empty text takes it away."""
        self._progress_row.setVisible(bool(text))
        self.progress_text.setText(text)
        self.progress.setRange(0, int(total))
        self.progress.setValue(int(done))
        self.again.setEnabled(not text and self.project.folder is not None)
