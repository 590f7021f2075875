"""The table of runs: filter, order, columns, selection; which run is meant by an action."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QFont, QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLineEdit, QMenu, QTableView, QVBoxLayout, QWidget

from tunevlseg_gui.pages.runs.run_columns import COLUMNS, NAMES, translated
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.pages.runs.run_table_model import RunTableModel
from tunevlseg_gui.settings.model import RunsSettings
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.sort_entries import add_sort_entries
from tunevlseg_gui.widgets.text import label

HEADING_MARGIN = 18
"""Beside a heading's text, both sides together."""


class RunTable(QWidget):
    opened = Signal(object)  # RunRow
    selection_changed = Signal()
    star_wanted = Signal(object)  # RunRow
    menu_wanted = Signal(QPoint)  # global
    look_changed = Signal()  # columns or order, in `settings`

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.settings = RunsSettings()
        self.model = RunTableModel(self)
        self._wanted: list[Path] = []
        """What the user selected, the current one first; a filter may hide some of it for a while."""
        self._restoring = self._by_user = False
        self.filter = QLineEdit()
        self.filter.setObjectName("runFilter")
        self.filter.setAccessibleName(self.tr("Filter runs"))
        self.filter.setPlaceholderText(self.tr("Filter by name, strategy, model, data, state, tag or note (Ctrl+F)"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        self.count = label("", "muted", name="runCount")
        self.columns = button(self.tr("Columns"), "runColumns", self._choose_columns, role="flat", picture="columns")
        self.table = self._view()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.filter, 1)
        line.addWidget(self.count)
        line.addWidget(self.columns)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addLayout(line)
        rows.addWidget(self.table, 1)
        self.use_settings(self.settings)

    def _view(self) -> QTableView:
        made = QTableView()
        made.setObjectName("runTable")
        made.setAccessibleName(self.tr("Runs"))
        made.setModel(self.model)
        made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        made.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        made.setShowGrid(False)
        made.setTabKeyNavigation(False)
        made.setWordWrap(False)
        made.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        made.verticalHeader().hide()
        made.verticalHeader().setDefaultSectionSize(32)
        head = made.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionsMovable(True)
        head.setSectionsClickable(True)
        head.setHighlightSections(False)
        head.setStretchLastSection(True)
        head.setSortIndicatorShown(True)
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(lambda _at: self._choose_columns())
        head.sectionClicked.connect(self.sort_by)
        head.sectionMoved.connect(lambda *_: self._keep_columns())
        head.sectionResized.connect(self._resized)
        made.activated.connect(self._activated)
        made.clicked.connect(self._clicked)
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        made.customContextMenuRequested.connect(lambda at: self.menu_wanted.emit(made.viewport().mapToGlobal(at)))
        made.selectionModel().selectionChanged.connect(self._selected)
        # Another order or filter leaves the same runs selected.
        self.model.modelAboutToBeReset.connect(self._before_reset)
        self.model.modelReset.connect(self._after_reset)
        return made

    # -- rows ----------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> list[RunRow]:
        """The selected runs, as they stand in the table."""
        found = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.rows[at] for at in found if at < len(self.model.rows)]

    @property
    def current(self) -> RunRow | None:
        """The run that an action on one means."""
        at = self.table.currentIndex().row()
        rows = self.chosen
        mine = self.model.rows[at] if 0 <= at < len(self.model.rows) else None
        return mine if mine in rows else rows[0] if rows else None

    def choose(self, folders: list[Path]) -> None:
        """Selects these runs, the first of them as the current one."""
        wanted = {str(folder): at for at, folder in enumerate(folders)}
        places = [(wanted[row.key], at) for at, row in enumerate(self.model.rows) if row.key in wanted]
        found = [at for _, at in sorted(places)]
        selection = QItemSelection()
        for at in found:
            index = self.model.index(at, 0)
            selection.select(index, index)
        rows = QItemSelectionModel.SelectionFlag.Rows
        model = self.table.selectionModel()
        if found:
            here = self.model.index(found[0], NAMES.index("name"))
            model.setCurrentIndex(here, QItemSelectionModel.SelectionFlag.NoUpdate)
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect | rows)

    def _selected(self) -> None:
        if not self._restoring:
            self._by_user = True
            self.selection_changed.emit()

    def _before_reset(self) -> None:
        here = self.current
        if self._by_user and here is not None:
            self._wanted = [here.folder, *(row.folder for row in self.chosen if row is not here)]
        self._by_user = False
        self._restoring = True

    def _after_reset(self) -> None:
        shown = {row.folder for row in self.model.rows}
        there = [folder for folder in self._wanted if folder in shown]
        self.choose(there or [row.folder for row in self.model.rows[:1]])
        self._restoring = False
        self._count()
        self.selection_changed.emit()

    def _count(self) -> None:
        shown, total = len(self.model.rows), self.model.total
        words = self.tr("1 run") if total == 1 else self.tr("{n} runs").format(n=f"{total:,}")
        if shown != total:
            words = self.tr("{shown} of {total}").format(shown=f"{shown:,}", total=f"{total:,}")
        self.count.setText(words)

    def _activated(self, index: QModelIndex) -> None:
        self.opened.emit(self.model.rows[index.row()])

    def _clicked(self, index: QModelIndex) -> None:
        if COLUMNS[index.column()].name == "star":
            self.star_wanted.emit(self.model.rows[index.row()])

    def _filter(self, text: str) -> None:
        self.model.show_only(text)
        self._count()

    def find(self) -> None:
        """The keyboard goes to the filter."""
        self.filter.setFocus()
        self.filter.selectAll()

    # -- columns and order ---------------------------------------------------------------------------------------

    def use_settings(self, settings: RunsSettings) -> None:
        self.settings = settings
        head = self.table.horizontalHeader()
        head.blockSignals(True)
        shown = [name for name in settings.columns if name in NAMES] or [one.name for one in COLUMNS if one.shown]
        for at, name in enumerate([*shown, *(name for name in NAMES if name not in shown)]):
            section = NAMES.index(name)
            head.moveSection(head.visualIndex(section), at)
            usual = max(COLUMNS[section].width, self._heading_width(section))
            self.table.setColumnWidth(section, settings.widths.get(name, usual))
            self.table.setColumnHidden(section, name not in shown)
        head.blockSignals(False)
        name = settings.sort if settings.sort in NAMES else "date"
        self._show_order(NAMES.index(name), settings.downwards)

    def _heading_width(self, section: int) -> int:
        """For the whole heading, in every language; the arrow of the order stands above it."""
        if COLUMNS[section].name == "star":
            return 0  # its column has no heading
        return QFontMetrics(self._bold()).horizontalAdvance(translated(COLUMNS[section].title)) + HEADING_MARGIN

    def _bold(self) -> QFont:
        font = self.table.horizontalHeader().font()
        font.setWeight(QFont.Weight.DemiBold)
        return font

    @property
    def shown_columns(self) -> list[str]:
        """From left to right."""
        head = self.table.horizontalHeader()
        sections = [head.logicalIndex(at) for at in range(head.count())]
        return [NAMES[section] for section in sections if not self.table.isColumnHidden(section)]

    def columns_menu(self) -> QMenu:
        """A tick for each column."""
        menu = QMenu(self)
        menu.setObjectName("columnsMenu")
        for section, column in enumerate(COLUMNS):
            action = QAction(translated(column.title), menu)
            action.setCheckable(True)
            action.setChecked(not self.table.isColumnHidden(section))
            action.setEnabled(column.name != "name")  # a row without its name tells nothing
            action.toggled.connect(lambda on, section=section: self._show_column(section, on))
            menu.addAction(action)
        menu.addSeparator()
        titles = [translated(column.title) for column in COLUMNS]
        add_sort_entries(menu.addMenu(self.tr("Sort by")), titles, NAMES.index(self.model.order[0]), self.sort_by)
        usual = menu.addAction(self.tr("The usual ones"))
        usual.triggered.connect(self._usual)
        return menu

    def _choose_columns(self) -> None:
        menu = self.columns_menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.columns.mapToGlobal(QPoint(0, self.columns.height())))

    def _show_column(self, section: int, on: bool) -> None:
        self.table.setColumnHidden(section, not on)
        self._keep_columns()

    def _usual(self) -> None:
        self.settings.columns, self.settings.widths = [], {}
        self.use_settings(self.settings)
        self.look_changed.emit()

    def _keep_columns(self) -> None:
        self.settings.columns = self.shown_columns
        self.look_changed.emit()

    def _resized(self, section: int, before: int, after: int) -> None:
        del before
        head = self.table.horizontalHeader()
        # The last one takes what is left; a hidden one has no width.
        if after and head.visualIndex(section) < head.count() - 1 and NAMES[section] != self.shown_columns[-1]:
            self.settings.widths[NAMES[section]] = after

    def sort_by(self, section: int) -> None:
        again = self.model.order[0] == NAMES[section]
        self._show_order(section, not self.model.order[1] if again else COLUMNS[section].downwards)
        self.settings.sort, self.settings.downwards = self.model.order
        self.look_changed.emit()

    def _show_order(self, section: int, downwards: bool) -> None:
        order = Qt.SortOrder.DescendingOrder if downwards else Qt.SortOrder.AscendingOrder
        self.table.horizontalHeader().setSortIndicator(section, order)
        self.model.sort(section, order)
