"""The table of runs with what can be done to the selected ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from engine.runs.folders import runs_folder
from engine.runs.layout import RECIPE
from engine.runs.notes import Notes, write_notes
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.notes_dialog import NotesDialog
from tunevlseg_gui.pages.runs.pack_drag import PackDrag
from tunevlseg_gui.pages.runs.row_reader import RowReader
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.pages.runs.run_table import RunTable
from tunevlseg_gui.pages.runs.trash import Trash
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import label

SOON_MS = 150


class TablePage(QWidget):
    """What it cannot do itself it asks for; each signal carries RunRow, unless said otherwise."""

    open_wanted = Signal(object)
    resume_wanted = Signal(object)
    stop_wanted = Signal(object)
    export_wanted = Signal(object)
    use_wanted = Signal(object)
    folder_wanted = Signal(object)
    command_wanted = Signal(object)
    pack_wanted = Signal(object)
    again_wanted = Signal(object)  # Path of a recipe
    search_wanted = Signal(object)  # Path of a recipe: many runs of it
    labels_wanted = Signal(object)  # Path of a recipe: would more labels pay?
    compare_wanted = Signal(object)  # list of RunRow
    report_wanted = Signal(object)  # list of RunRow
    failed = Signal(object)  # EngineError or OSError

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reader = RowReader(client, self)
        self.runs = RunTable()
        self.model, self.table = self.runs.model, self.runs.table
        self._fresh: list[RunRow] = []
        # Thousands of runs come in parts: the table is arranged a few times a second, not for every one.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._put_fresh)
        self.drag = PackDrag(client, self.table.viewport(), self._packable_at)
        self.trash = Trash(self, self.failed.emit, self.refresh)
        self.open = button(self.tr("Open"), "openRun", self._on(self.open_wanted), role="primary", picture="runs")
        self.resume = button(self.tr("Resume"), "resumeSelected", self._on(self.resume_wanted), picture="resume")
        self.stop = button(self.tr("Stop, keep the best"), "stopSelected", self._on(self.stop_wanted), picture="stop")
        self.export = button(self.tr("Export…"), "exportSelected", self._on(self.export_wanted), picture="export")
        self.folder = button(
            self.tr("Show folder"), "showSelected", self._on(self.folder_wanted), role="flat", picture="folder"
        )
        self.compare = button(
            self.tr("Compare"),
            "compareRuns",
            lambda: self.compare_wanted.emit(self.runs.chosen),
            picture="compare",
            tip=self.tr("Select two or more runs with Ctrl or Shift"),
        )
        self.more = button(self.tr("More"), "moreActions", self._show_more, role="flat", tip=self.tr("More actions"))
        self.header = PageHeader(self.tr("Runs"), str(runs_folder()))
        for widget in (self.folder, self.more, self.resume, self.stop, self.compare, self.export, self.open):
            self.header.add(widget)
        self.nothing = label(self.tr("Looking for runs…"), "muted", name="noRuns")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(12)
        rows.addWidget(self.header)
        rows.addWidget(self.runs, 1)
        rows.addWidget(self.nothing, 1)
        self.runs.opened.connect(self.open_wanted)
        self.runs.selection_changed.connect(self._offer)
        self.runs.star_wanted.connect(self._star)
        self.runs.menu_wanted.connect(self._show_menu)
        self.reader.listed.connect(self._listed)
        self.reader.read.connect(self._read)
        for keys, act in (
            ("S", self._star_chosen),
            ("N", self.edit_notes),
            (QKeySequence.StandardKey.Delete, self.remove),
        ):
            made = QShortcut(QKeySequence(keys), self.table, act)
            made.setContext(Qt.ShortcutContext.WidgetShortcut)
        find = QShortcut(QKeySequence.StandardKey.Find, self, self.runs.find)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)  # also from the buttons above the table
        self._show_any()

    def _on(self, signal: object) -> Callable[[], None]:
        """Tells the signal of the current run."""

        def tell() -> None:
            row = self.runs.current
            if row is not None:
                signal.emit(row)  # type: ignore[attr-defined]

        return tell

    def _packable_at(self, place: QPoint) -> tuple[Path, str] | None:
        """The selected run under a point, where it learned something: a drag of it carries its prompt pack."""
        at, rows = self.table.indexAt(place).row(), self.runs.chosen
        row = self.model.rows[at] if 0 <= at < len(self.model.rows) else None
        if row is None or rows != [row] or row.state == "running" or row.best is None or row.strategy == "zero_shot":
            return None
        return row.folder, row.name

    def refresh(self) -> None:
        """Reads the table anew, off the window's thread."""
        self.reader.refresh(runs_folder())

    def _read(self, rows: list[RunRow]) -> None:
        self._fresh += rows
        if not self._soon.isActive():
            self._soon.start()

    def _put_fresh(self) -> None:
        self._soon.stop()
        rows, self._fresh = self._fresh, []
        if rows:
            self.model.put(rows)
            self._show_any()

    def _listed(self, folders: set[str]) -> None:
        self._put_fresh()
        self.model.keep(folders)
        self.nothing.setText(self.tr("No runs yet: open a dataset and press Tune."))
        self._show_any()

    def _show_any(self) -> None:
        self.runs.setVisible(self.model.total > 0)
        self.nothing.setVisible(not self.model.total)
        self._offer()

    def _offer(self) -> None:
        rows, row = self.runs.chosen, self.runs.current
        one = len(rows) == 1
        going = row is not None and row.state == "running"
        self.open.setEnabled(one)
        self.folder.setEnabled(one)
        self.more.setEnabled(bool(rows))
        self.compare.setEnabled(len(rows) > 1)
        self.stop.setVisible(one and going)
        self.resume.setVisible(one and row is not None and row.state in ("interrupted", "cancelled", "failed"))
        self.export.setEnabled(one and not going and row is not None and row.best is not None)

    # -- what is said of runs ------------------------------------------------------------------------------------

    def edit_notes(self) -> None:
        row = self.runs.current
        if row is None:
            return
        known = sorted({tag for other in self.model.rows for tag in other.notes.tags})
        dialog = NotesDialog(row.name, row.notes, known, self)
        dialog.kept.connect(partial(self._keep_notes, row))
        dialog.open()

    def _star_chosen(self) -> None:
        row = self.runs.current
        if row is not None:
            self._star(row)

    def _star(self, row: RunRow) -> None:
        self._keep_notes(row, replace(row.notes, star=not row.notes.star))

    def _keep_notes(self, row: RunRow, notes: Notes) -> None:
        self.model.put([replace(row, notes=notes)])
        run_task(self, partial(write_notes, row.folder, notes), lambda _none: None, partial(self._not_kept, row))

    def _not_kept(self, row: RunRow, error: Exception) -> None:
        self.failed.emit(error)
        self.reader.forget(row.folder)
        self.refresh()

    def remove(self) -> None:
        """Asks, then moves the selected runs to the trash."""
        rows = self.runs.chosen
        if rows:
            self.trash.ask(rows)

    # -- further actions -----------------------------------------------------------------------------------------

    def menu(self) -> QMenu:
        """Everything that can be done to the selected runs."""
        menu = QMenu(self)
        menu.setObjectName("runMenu")
        rows, row = self.runs.chosen, self.runs.current
        if row is None:
            return menu
        one, done = len(rows) == 1, row.best is not None and row.state != "running"
        tuned = one and bool(row.data)  # an imported pack has no data to tune on again
        entries: list[tuple[str, str, Callable[[], object], bool] | None] = [
            ("menuOpen", self.tr("Open"), self._on(self.open_wanted), one),
            ("menuUse", self.tr("Use on a scan"), self._on(self.use_wanted), one and done),
            ("menuExport", self.tr("Export…"), self._on(self.export_wanted), one and done),
            (
                "menuAgain",
                self.tr("Tune again with these settings"),
                partial(self._with_recipe, self.again_wanted),
                tuned,
            ),
            ("menuSearch", self.tr("Search better settings…"), partial(self._with_recipe, self.search_wanted), tuned),
            ("menuLabels", self.tr("Would more labels pay?"), partial(self._with_recipe, self.labels_wanted), tuned),
            None,
            ("menuStar", self.tr("Remove the star") if row.notes.star else self.tr("Star"), self._star_chosen, one),
            ("menuNotes", self.tr("Notes and tags…"), self.edit_notes, one),
            None,
            ("menuReport", self.tr("Report as HTML…"), lambda: self.report_wanted.emit(rows), bool(rows)),
            ("menuPack", self.tr("Prompt pack…"), self._on(self.pack_wanted), one and done),
            ("menuCompare", self.tr("Compare"), lambda: self.compare_wanted.emit(rows), len(rows) > 1),
            ("menuFolder", self.tr("Show folder"), self._on(self.folder_wanted), one),
            ("menuCommand", self.tr("Show the command"), self._on(self.command_wanted), tuned),
            None,
            ("menuTrash", self.tr("Move to trash…"), self.remove, row.state != "running"),
        ]
        keys = {"menuStar": "S", "menuNotes": "N", "menuTrash": "Del"}
        for entry in entries:
            if entry is None:
                menu.addSeparator()
                continue
            name, text, act, enabled = entry
            action = menu.addAction(f"{text}\t{keys[name]}" if name in keys else text)
            action.setObjectName(name)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _checked=False, act=act: act())
        return menu

    def _with_recipe(self, signal: Any) -> None:
        """Tells the signal of the current run's recipe."""
        row = self.runs.current
        if row is not None:
            signal.emit(row.folder / RECIPE)

    def _show_more(self) -> None:
        self._show_menu(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _show_menu(self, at: QPoint) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)
