"""The Runs page: all runs in a table, one of them in detail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.contract.command_line import command_line
from engine.contract.errors import EngineError
from engine.contract.events import ENDINGS, Event, JobFailed, JobFinished, JobStarted
from engine.contract.jobs import ImportPack, Tune
from engine.runs.layout import RECIPE
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.pages.runs.export_dialog import ExportDialog, bundle_path
from tunevlseg_gui.pages.runs.queue_panel import QueuePanel
from tunevlseg_gui.pages.runs.report_dialog import ReportDialog
from tunevlseg_gui.pages.runs.run_described import Described, described
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.pages.runs.run_table_model import RunTableModel
from tunevlseg_gui.pages.runs.table_page import TablePage
from tunevlseg_gui.settings.model import WindowSettings
from tunevlseg_gui.widgets.command_dialog import CommandDialog

if TYPE_CHECKING:
    from tunevlseg_gui.pages.runs.compare_view import CompareView
    from tunevlseg_gui.pages.runs.detail import RunDetail
    from tunevlseg_gui.pages.runs.live_view import LiveView


class RunsPage(QWidget):
    notice = Signal(object)
    bundle_wanted = Signal(object)  # Path of a bundle to use
    recipe_wanted = Signal(object)  # Path of a recipe to tune by
    search_wanted = Signal(object)  # Path of a recipe: many runs of it
    labels_wanted = Signal(object)  # Path of a recipe: would more labels pay?
    settings_changed = Signal()

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runsPage")
        self._client = client
        self._detail: RunDetail | None = None
        self._comparison: CompareView | None = None
        self._dialog: ExportDialog | None = None
        self._failure_told = False
        self.views = QStackedWidget()
        self.overview = TablePage(client)
        self.table = self.overview.table
        self.resume = self.overview.resume
        self.views.addWidget(self.overview)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.views, 1)
        self.queue = QueuePanel(client)
        self.queue.run_wanted.connect(self.open_run)
        holder = QVBoxLayout()
        holder.setContentsMargins(24, 0, 24, 12)
        holder.addWidget(self.queue)
        rows.addLayout(holder)
        client.run_event.connect(self._run_said)
        client.run_life.connect(lambda _folder, _alive: self.refresh())
        table = self.overview
        table.open_wanted.connect(lambda row: self.open_run(row.folder))
        table.resume_wanted.connect(self._resume_row)
        table.stop_wanted.connect(lambda row: client.stop_run(row.folder))
        table.export_wanted.connect(lambda row: self._start_export(row.folder, row.name))
        table.use_wanted.connect(self._use)
        table.folder_wanted.connect(lambda row: _show_folder(row.folder))
        table.command_wanted.connect(self._show_command)
        table.pack_wanted.connect(self._show_pack)
        table.again_wanted.connect(self.recipe_wanted)
        table.search_wanted.connect(self.search_wanted)
        table.labels_wanted.connect(self.labels_wanted)
        table.compare_wanted.connect(self.compare)
        table.report_wanted.connect(self.report)
        table.failed.connect(self._tell)
        table.drag.notice.connect(self.notice)
        table.runs.look_changed.connect(self.settings_changed)

    def use_settings(self, settings: WindowSettings) -> None:
        self.overview.runs.use_settings(settings.runs)

    @property
    def model(self) -> RunTableModel:
        return self.overview.model

    def came_to_front(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Reads the table anew, off the window's thread."""
        self.overview.refresh()

    def _resume_row(self, row: RunRow) -> None:
        self.open_run(row.folder)
        self._resume()

    def _use(self, row: RunRow) -> None:
        """Its newest bundle on the Segment page; a run without one is exported first."""
        if row.bundle_path is not None:
            self.bundle_wanted.emit(row.bundle_path)
        else:
            self._start_export(row.folder, row.name)

    def _show_command(self, row: RunRow) -> None:
        recipe = row.folder / RECIPE
        CommandDialog(Tune(str(recipe)), recipe, self).open()

    def _show_pack(self, row: RunRow) -> None:
        self.open_run(row.folder)
        self.detail.show_panel("pack")

    def import_pack(self, path: Path) -> None:
        """A prompt pack becomes a run, which is shown; what is wrong with it is told."""
        self.notice.emit(Notice(self.tr("Reading {name}…").format(name=path.name)))
        job = ImportPack(str(path))
        self._client.submit(job, partial(self._imported, job))

    def _imported(self, job: ImportPack, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                self.refresh()
                self.open_run(Path(str(result["run"])))
                told = self.tr("{name} is a run now, on {weights}.")
                hint = self.tr("Evaluate it on your data, export it to use it, or start a new run from it.")
                notice = str(result.get("notice") or "")
                words = told.format(name=result["name"], weights=result["weights"])
                same = self.tr("The same in a terminal: {command}").format(command=command_line(job))
                hints = "\n".join(filter(None, (notice, hint, same)))
                self.notice.emit(Notice(words, hints, "warning" if notice else "good"))
            case JobFailed():
                self.notice.emit(of_failure(event))

    def _tell(self, error: Exception) -> None:
        self.notice.emit(of_error(error) if isinstance(error, EngineError) else Notice(str(error), tone="danger"))

    # -- one run -------------------------------------------------------------------------------------------------

    @property
    def detail(self) -> RunDetail:
        """The detailed view; pyqtgraph is imported with it, on first use."""
        if self._detail is None:
            from tunevlseg_gui.pages.runs.detail import RunDetail

            made = RunDetail(self._client)
            made.notice.connect(self.notice)
            made.bundle_wanted.connect(self.bundle_wanted)
            made.report_wanted.connect(lambda folder: self.report([self._row_of(folder)]))
            made.run_wanted.connect(self._open_other)
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
        live.folder_wanted.connect(lambda: _show_folder(live.folder))

    def compare(self, rows: list[RunRow]) -> None:
        """Two or more runs beside each other."""
        if self._comparison is None:
            from tunevlseg_gui.pages.runs.compare_view import CompareView

            self._comparison = CompareView(self._client)
            self._comparison.back_wanted.connect(self.show_table)
            self._comparison.notice.connect(self.notice)
            self._comparison.report_wanted.connect(self.report)
            self.views.addWidget(self._comparison)
        self._comparison.show_runs(rows)
        self.views.setCurrentWidget(self._comparison)

    def _row_of(self, folder: Path) -> RunRow:
        """The table's; a run from elsewhere goes by its folder's name."""
        return self.model.row_of(folder) or RunRow(folder, folder.name)

    def report(self, rows: Sequence[RunRow]) -> None:
        """Asks where the report goes, and has it made."""
        ReportDialog(self._client, rows, self).open()

    def shows(self, run: Path) -> bool:
        """Whether this run is the one in detail, in front."""
        return self._live is not None and self.views.currentWidget() is self._detail and self._live.folder == run

    def show_table(self) -> None:
        """The run that was on show is the selected one, also where it was not opened from the table."""
        seen = self._live.folder if self._live is not None and self.views.currentWidget() is self._detail else None
        if seen is not None and any(row.folder == seen for row in self.model.rows):
            self.overview.runs.choose([seen])
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
        run_task(self, partial(described, folder), self._describe)

    def _open_other(self, folder: Path) -> None:
        self.notice.emit(None)  # what was told concerned the run that was shown
        self.open_run(folder)

    def _describe(self, found: Described) -> None:
        if found.folder == self.live.folder:
            self.live.describe(found.name, found.line)
            self.live.show_metrics(found.metrics, found.epochs, found.estimate)
            self.live.preview.add_all(found.previews)

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
                run_task(self, partial(described, self._live.folder), self._describe)
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
        dialog.folder_wanted.connect(lambda path: _show_folder(Path(path).parent))
        self._dialog = dialog
        dialog.open()


def _show_folder(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
