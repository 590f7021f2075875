"""The Runs page: all runs in a table, one of them in detail."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.contract.errors import EngineError
from engine.contract.events import ENDINGS, Event, JobFailed, JobStarted
from engine.contract.jobs import Tune
from engine.runs.folders import runs_folder
from engine.runs.layout import RECIPE
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_error, of_failure
from tunevlseg_gui.pages.runs.export_dialog import ExportDialog, bundle_path
from tunevlseg_gui.pages.runs.run_table_model import RunRow, RunTableModel, read_rows
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import label

if TYPE_CHECKING:
    from tunevlseg_gui.pages.runs.detail import RunDetail
    from tunevlseg_gui.pages.runs.live_view import LiveView


class RunsPage(QWidget):
    notice = Signal(object)
    bundle_wanted = Signal(object)  # Path of a bundle to use

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runsPage")
        self._client = client
        self._detail: RunDetail | None = None
        self._dialog: ExportDialog | None = None
        self._failure_told = False
        self.model = RunTableModel(self)
        self.views = QStackedWidget()
        self.views.addWidget(self._table_view())
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.views)
        client.run_event.connect(self._run_said)
        client.run_life.connect(lambda _folder, _alive: self.refresh())

    # -- the table -----------------------------------------------------------------------------------------------

    def _table_view(self) -> QWidget:
        self.table = QTableView()
        self.table.setObjectName("runTable")
        self.table.setAccessibleName("Runs")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(32)
        head = self.table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.activated.connect(self._open_index)
        self.table.doubleClicked.connect(self._open_index)
        self.table.selectionModel().selectionChanged.connect(lambda _now, _before: self._offer())
        header = PageHeader("Runs", str(runs_folder()))
        self.open = button("Open", "openRun", self._open_selected, role="primary", picture="runs")
        self.resume = button("Resume", "resumeSelected", lambda: self._with_row(self._resume_row), picture="resume")
        self.stop = button(
            "Stop, keep the best", "stopSelected", lambda: self._with_row(self._stop_row), picture="stop"
        )
        self.export = button("Export…", "exportSelected", lambda: self._with_row(self._export_row), picture="export")
        self.folder = button(
            "Show folder", "showSelected", lambda: self._with_row(self._show_row), role="flat", picture="folder"
        )
        for widget in (self.folder, self.resume, self.stop, self.export, self.open):
            header.add(widget)
        self.nothing = label("No runs yet: open a dataset and press Tune.", "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made = QWidget()
        rows = QVBoxLayout(made)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(12)
        rows.addWidget(header)
        rows.addWidget(self.table, 1)
        rows.addWidget(self.nothing, 1)
        self._show_rows([])
        return made

    def came_to_front(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Reads the table anew, off the window's thread."""
        run_task(self, partial(read_rows, runs_folder()), self._show_rows)

    def _show_rows(self, rows: list[RunRow]) -> None:
        chosen = self._row()
        self.model.show_rows(rows)
        places = {row.folder: place for place, row in enumerate(rows)}
        if rows:
            self.table.selectRow(places.get(chosen.folder, 0) if chosen else 0)
        self.table.setVisible(bool(rows))
        self.nothing.setVisible(not rows)
        self._offer()

    def _row(self) -> RunRow | None:
        found = self.table.currentIndex().row()
        return self.model.rows[found] if 0 <= found < len(self.model.rows) else None

    def _offer(self) -> None:
        row = self._row()
        self.open.setEnabled(row is not None)
        self.folder.setEnabled(row is not None)
        going = row is not None and row.state == "running"
        self.stop.setVisible(going)
        self.resume.setVisible(row is not None and row.state in ("interrupted", "cancelled", "failed"))
        self.export.setEnabled(row is not None and not going and row.best is not None)

    def _with_row(self, act: Any) -> None:
        row = self._row()
        if row is not None:
            act(row)

    def _open_index(self, index: QModelIndex) -> None:
        self.open_run(self.model.rows[index.row()].folder)

    def _open_selected(self) -> None:
        self._with_row(lambda row: self.open_run(row.folder))

    def _stop_row(self, row: RunRow) -> None:
        self._client.stop_run(row.folder)

    def _resume_row(self, row: RunRow) -> None:
        self.open_run(row.folder)
        self._resume()

    def _export_row(self, row: RunRow) -> None:
        self._start_export(row.folder, row.name)

    def _show_row(self, row: RunRow) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(row.folder)))

    # -- one run -------------------------------------------------------------------------------------------------

    @property
    def detail(self) -> RunDetail:
        """The detailed view; pyqtgraph is imported with it, on first use."""
        if self._detail is None:
            from tunevlseg_gui.pages.runs.detail import RunDetail

            made = RunDetail(self._client)
            made.notice.connect(self.notice)
            made.bundle_wanted.connect(self.bundle_wanted)
            self._connect_live(made.live)
            self._detail = made
            self.views.addWidget(made)
        return self._detail

    @property
    def live(self) -> LiveView:
        return self.detail.live

    @property
    def _live(self) -> LiveView | None:
        """The same without making it."""
        return self._detail.live if self._detail is not None else None

    def _connect_live(self, live: LiveView) -> None:
        live.back_wanted.connect(self.show_table)
        live.stop_wanted.connect(lambda: self._client.stop_run(live.folder))
        live.cancel_wanted.connect(lambda: self._client.stop_run(live.folder, keep_best=False))
        live.pause_wanted.connect(self._pause)
        live.resume_wanted.connect(self._resume)
        live.export_wanted.connect(lambda: self._start_export(live.folder, live.state_name))
        live.folder_wanted.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(live.folder))))

    def show_table(self) -> None:
        self.views.setCurrentIndex(0)
        self.refresh()

    def open_run(self, folder: Path) -> None:
        """Shows one run: what it told so far, and what it goes on to tell."""
        live = self.live
        if live.folder != folder and live.folder != Path():
            self._client.unwatch(live.folder)
        self.detail.show_run(folder)
        self.views.setCurrentWidget(self.detail)
        self._client.watch(folder)
        run_task(self, partial(_described, folder), self._describe)

    def _describe(self, found: tuple[Path, str, str, list[dict[str, float]]]) -> None:
        folder, name, line, metrics = found
        if folder != self.live.folder:
            return
        self.live.describe(name, line)
        if not self.live.state.epoch:
            self.live.show_metrics(metrics)  # a run whose events were lost still has its table

    def _run_said(self, folder: str, event: Event) -> None:
        if self._live is not None and Path(folder) == self._live.folder:
            self._live.take(event)
            if isinstance(event, JobFailed):
                self._failure_told = True
                self.notice.emit(of_failure(event))
            elif isinstance(event, JobStarted):
                if self._failure_told:
                    self._failure_told = False
                    self.notice.emit(None)  # it goes on: what stopped it is over
                run_task(self, partial(_described, self._live.folder), self._describe)
        if isinstance(event, ENDINGS):
            self.refresh()

    def _pause(self, on: bool) -> None:
        (self._client.pause_run if on else self._client.resume_run)(self.live.folder)

    def _resume(self) -> None:
        folder = self.live.folder
        try:
            self._client.start_run(Tune(str(folder / RECIPE), str(folder), resume=str(folder)))
        except EngineError as error:
            self.notice.emit(of_error(error))
            return
        self.notice.emit(None)
        self.live.restart()

    # -- export --------------------------------------------------------------------------------------------------

    @property
    def export_dialog(self) -> ExportDialog | None:
        """The last one that was opened."""
        return self._dialog

    def _start_export(self, run: Path, name: str) -> None:
        dialog = ExportDialog(self._client, run, bundle_path(run, name or run.name), self)
        dialog.bundle_wanted.connect(self.bundle_wanted)
        dialog.folder_wanted.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent))))
        self._dialog = dialog
        dialog.open()


def _described(folder: Path) -> tuple[Path, str, str, list[dict[str, float]]]:
    from engine.runs.reader import Run

    try:
        run = Run.open(folder)
    except EngineError:
        return folder, folder.name, str(folder), []  # the worker has not written its recipe yet
    recipe = run.recipe
    strategy = str((recipe.get("strategy") or {}).get("name") or "").replace("_", " ")
    weights = str((recipe.get("model") or {}).get("weights") or "")
    data = Path(str((recipe.get("data") or {}).get("folder") or "")).name
    return folder, run.name, f"{strategy} on {weights}, data: {data}  ·  {folder}", run.metrics
