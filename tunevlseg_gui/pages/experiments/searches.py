"""All searches of this computer as a table, one of them in detail."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from engine.contract.jobs import ReadStudy, Search
from engine.runs.folders import cache_folder
from engine.runs.lock import holder
from engine.runs.studies import TRIALS, is_study, list_studies, studies_folder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import strategy_title
from tunevlseg_gui.errors.present import of_error
from tunevlseg_gui.pages.experiments.new_search import NewSearchDialog
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.plain_table import Cell, PlainTable, number_cell, text_cell
from tunevlseg_gui.widgets.text import label


@dataclass(frozen=True)
class StudyRow:
    folder: Path
    name: str
    strategy: str
    weights: str
    data: str
    begun: int  # trials that have a folder
    asked: int
    runs: bool


class SearchesTab(QWidget):
    notice = Signal(object)
    run_wanted = Signal(object)
    recipe_wanted = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("searchesTab")
        self._client = client
        self._view: Any = None
        self._warm = False
        self.rows: list[StudyRow] = []
        self._extra: list[Path] = []  # opened from elsewhere
        self.new = button(self.tr("New search…"), "newSearch", lambda: self.ask(), role="primary", picture="play")
        self.open = button(self.tr("Open"), "openStudy", self._open_current, picture="runs")
        self.table = PlainTable("studyTable", self.tr("Searches"))
        self.table.activated.connect(lambda _index: self._open_current())
        self.nothing = label(
            self.tr("No search yet. A search tries settings of a recipe in many runs, and learns which ones are good."),
            "muted",
            wrap=True,
            name="noStudies",
        )
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        overview = QWidget()
        rows = QVBoxLayout(overview)
        rows.setContentsMargins(0, 12, 0, 0)
        rows.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(label(str(studies_folder()), "muted"), 1)
        head.addWidget(self.open)
        head.addWidget(self.new)
        rows.addLayout(head)
        rows.addWidget(self.table, 1)
        rows.addWidget(self.nothing, 1)
        self.views = QStackedWidget()
        self.views.addWidget(overview)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.views)
        client.run_life.connect(lambda _folder, _alive: self._refresh_if_shown())
        self._show([])

    @property
    def view(self) -> Any:
        """The study in detail; its plots are imported with the first one that is opened."""
        if self._view is None:
            from tunevlseg_gui.pages.experiments.study_view import StudyView

            made = StudyView(self._client)
            made.notice.connect(self.notice)
            made.run_wanted.connect(self.run_wanted)
            made.recipe_wanted.connect(self.recipe_wanted)
            made.back_wanted.connect(self.show_list)
            self._view = made
            self.views.addWidget(made)
        return self._view

    def came_to_front(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        run_task(self, lambda: _listed(studies_folder(), self._extra), self._show)

    def _refresh_if_shown(self) -> None:
        if self.isVisible() and self.views.currentIndex() == 0:
            self.refresh()

    def show_list(self) -> None:
        self.views.setCurrentIndex(0)
        self.refresh()
        self.table.setFocus()

    def open_study(self, folder: Path) -> None:
        if folder.parent != studies_folder() and folder not in self._extra:
            self._extra.append(folder)
        self.views.setCurrentWidget(self.view)
        self.view.tabs.setFocus()  # one Tab from the plot
        self.view.show_study(folder)

    def ask(self, recipe: str = "") -> None:
        """Asks for what a search needs, and starts it."""
        dialog = NewSearchDialog(recipe, self.window())
        dialog.wanted.connect(self.start)
        dialog.open()

    def start(self, job: Search) -> None:
        try:
            self._client.start_run(job)
        except EngineError as error:
            self.notice.emit(of_error(error))
            return
        self.notice.emit(None)
        self.views.setCurrentWidget(self.view)
        self.view.wait_for(Path(job.folder))

    def _warm_up(self, newest: Path) -> None:
        """The worker that reads studies takes a second to start: done before one is opened."""
        if not self._warm:
            self._warm = True
            run_task(self, _import_plots, lambda _done: None)
            self._client.submit(ReadStudy(str(newest), str(cache_folder() / "studies")), lambda _event: None)

    def _open_current(self) -> None:
        at = self.table.currentIndex().row()
        if 0 <= at < len(self.table.values.rows):
            self.open_study(self.table.values.rows[at][1])

    def _show(self, rows: list[StudyRow]) -> None:
        self.rows = rows
        current = self.table.currentIndex().row()
        kept = self.table.values.rows[current][1] if 0 <= current < len(self.table.values.rows) else None
        heads = [
            self.tr("Name"), self.tr("State"), self.tr("Trials begun"), self.tr("Strategy"), self.tr("Model"),
            self.tr("Data"),
        ]  # fmt: skip
        told = [
            (
                [
                    text_cell(row.name),
                    Cell(self.tr("running"), "running", "accent_text")
                    if row.runs
                    else text_cell(self.tr("at rest"), "muted"),
                    number_cell(row.begun, 0, self.tr(" of {n}").format(n=row.asked)),
                    text_cell(strategy_title(row.strategy)),
                    text_cell(row.weights),
                    text_cell(row.data),
                ],
                row.folder,
            )
            for row in rows
        ]
        self.table.show_rows(heads, told)
        self.table.setVisible(bool(rows))
        self.nothing.setVisible(not rows)
        self.open.setEnabled(bool(rows))
        if rows:
            self.table.choose(kept or rows[0].folder)
            self._warm_up(rows[0].folder)


def _import_plots() -> None:
    """The plots' library takes a third of a second to import: off the window's thread, while the list is looked at."""
    for name in ("study_view", "plots.history", "plots.parallel", "plots.slices", "plots.contour", "plots.timeline"):
        importlib.import_module(f"tunevlseg_gui.pages.experiments.{name}")


def _listed(root: Path, extra: list[Path]) -> list[StudyRow]:
    from engine.runs.studies import StudyFolder

    found = list_studies(root)
    for folder in extra:
        if is_study(folder):
            found.append(StudyFolder.open(folder))
    rows = []
    for one in found:
        trials = one.folder / TRIALS
        known = holder(one.folder)
        recipe = one.recipe
        rows.append(
            StudyRow(
                one.folder,
                one.name,
                str((recipe.get("strategy") or {}).get("name") or ""),
                Path(str((recipe.get("model") or {}).get("weights") or "")).name,
                Path(str((recipe.get("data") or {}).get("folder") or "")).name,
                sum(1 for path in trials.iterdir() if path.is_dir()) if trials.is_dir() else 0,
                int(one.search.get("trials") or 0),
                known is not None and known.alive,
            )
        )
    return rows
