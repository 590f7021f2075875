"""All cases of the dataset: filter, grid with thumbnails, moves between splits."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from engine.runs.folders import cache_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.cases import CaseRow
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.pages.data.case_filter import LEFT_OUT, left_out, ordered
from tunevlseg_gui.pages.data.case_grid import CaseGrid
from tunevlseg_gui.pages.data.case_model import CaseModel
from tunevlseg_gui.pages.data.filter_bar import FilterBar
from tunevlseg_gui.pages.data.selection_bar import MOVES, SelectionBar, said_move
from tunevlseg_gui.pages.data.thumbnail_delegate import ThumbnailDelegate
from tunevlseg_gui.pages.data.thumbnail_picture import Colour
from tunevlseg_gui.pages.data.thumbnail_store import ThumbnailStore
from tunevlseg_gui.project import Project
from tunevlseg_gui.translation import counted
from tunevlseg_gui.widgets.turns import in_turn

MARGIN_LINES = 2
"""Lines of cells below and above those in sight whose thumbnails are drawn too."""


class CaseBrowser(QWidget):
    """Shows `project.cases`; moves go through the project, so that they can be undone."""

    opened = Signal(int)  # row number of a case that is to be seen large
    save_wanted = Signal()

    def __init__(self, client: EngineClient, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._open: tuple[str, str] = ("", "")
        self.filter_bar = FilterBar()
        self.selection_bar = SelectionBar()
        self.model = CaseModel(self._tip, self)
        self.store = ThumbnailStore(client, cache_folder() / "thumbnails", self)
        self.grid = CaseGrid()
        self.grid.setAccessibleName(self.tr("Cases with their masks"))
        self.grid.setItemDelegate(ThumbnailDelegate(self.store.pixmap, self.word_of, self.grid))
        self.grid.setModel(self.model)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        for widget in (self.filter_bar, self.grid, self.selection_bar):
            rows.addWidget(widget, 1 if widget is self.grid else 0)

        self._later = _timer(self, 0, self.refresh)
        # Long enough to let a quick scroll pass by, short enough not to be noticed.
        self._settled = _timer(self, 40, self._want)
        self.filter_bar.changed.connect(self.refresh)
        self.grid.seen.connect(self._settled.start)
        self.grid.selected.connect(self._count)
        self.grid.opened.connect(self.opened)
        self.grid.customContextMenuRequested.connect(self._menu)
        self.store.drawn.connect(self._drawn)
        self.selection_bar.move_wanted.connect(self.move)
        self.selection_bar.save_wanted.connect(self.save_wanted)
        self.selection_bar.masks_wanted.connect(self._colour)
        project.cases_listed.connect(self._later.start)
        project.changed.connect(self._offer)
        project.cases_moved.connect(self._moved)
        project.labels_edited.connect(self._colour)
        for split, _, key in MOVES:
            self._key(key, lambda split=split: self.move(split), self.grid, Qt.ShortcutContext.WidgetShortcut)
        self._key("Ctrl+F", self.find, self, Qt.ShortcutContext.WindowShortcut)

    def _key(self, key: str, done: object, owner: QWidget, where: Qt.ShortcutContext) -> None:
        made = QShortcut(QKeySequence(key), owner)
        made.setContext(where)
        made.activated.connect(done)

    # -- what is shown -------------------------------------------------------------------------------------------

    def open(self, folder: str) -> None:
        """Another dataset, or the same one looked at again."""
        if folder != self._open[0]:
            self.filter_bar.reset()
            self.selection_bar.tell("")
        self._open = (folder, "")
        self.store.open(folder)
        self.refresh()

    def refresh(self) -> None:
        """Filters and orders anew; what was selected and is still shown stays selected."""
        self._later.stop()
        order, descending = self.filter_bar.order
        rows = self.filter_bar.filter.rows(self._project.cases, self.word_of)
        wanted = ordered(rows, order, self._project.split_of, descending=descending)
        if wanted != self.model.rows:
            self._show_rows(wanted)
        self._colour()
        self._count()

    def _show_rows(self, wanted: Sequence[CaseRow]) -> None:
        chosen, current = self.selected(), self.grid.currentIndex()
        before = self.model.rows[current.row()].case_id if current.isValid() else ""
        self.model.show_rows(wanted)
        if chosen:
            self.grid.select_rows(self.model.runs(chosen))
        place = self.model.place(before) if before else None
        if place is not None:
            index = self.model.index(place, 0)
            self.grid.selectionModel().setCurrentIndex(index, self.grid.selectionModel().SelectionFlag.NoUpdate)

    def _offer(self) -> None:
        self.filter_bar.offer(self._project.labels, self._project.cases)

    def word_of(self, row: CaseRow) -> str:
        """The split, or that the case is left out; nothing while it is not known."""
        if self._project.found is None:
            return self._project.split_of(row)
        return LEFT_OUT if left_out(row, self._project.split_of) else self._project.split_of(row)

    @property
    def drawn(self) -> bool:
        """Every picture in sight has come."""
        rows = self.grid.rows_in_sight
        return bool(rows) and all(self.store.pixmap(self.model.rows[row].case_id) is not None for row in rows)

    def selected(self) -> list[str]:
        """Case ids."""
        rows = self.model.rows
        return [rows[row].case_id for row in self.grid.selected_rows()]

    def find(self) -> None:
        self.filter_bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_bar.search.selectAll()

    def show_case(self, row: int) -> None:
        """Makes a row the current one, in sight."""
        if 0 <= row < len(self.model.rows):
            self.grid.setCurrentIndex(self.model.index(row, 0))
            self.grid.scrollTo(self.grid.currentIndex())

    # -- thumbnails ----------------------------------------------------------------------------------------------

    def _want(self) -> None:
        rows, shown, columns = self.model.rows, self.grid.rows_in_sight, self.grid.columns
        self.store.use_scale(self.grid.devicePixelRatioF())
        margin = MARGIN_LINES * columns
        after = range(shown.stop, min(len(rows), shown.stop + margin))
        before = range(max(0, shown.start - margin), shown.start)
        self.store.want([rows[row].case_id for part in (shown, after, before) for row in part])

    def _drawn(self, case_id: str) -> None:
        place = self.model.place(case_id)
        if place is not None:
            self.grid.redraw(place)

    def _colour(self) -> None:
        found, masks = self._project.found, self.selection_bar.masks.isChecked()
        labels = self._project.labels if masks else []
        if masks and found is None:
            # Before the files were opened: every marked pixel is one structure.
            self.store.colour({1: (230, 159, 0)}, binary=True)
        else:
            self.store.colour(_colours(labels), binary=bool(found and found.label_kind == "binary"))
        self.grid.viewport().update()
        self._settled.start()

    # -- moves ---------------------------------------------------------------------------------------------------

    def move(self, split: str) -> None:
        """Moves what is selected, and who has to go along; says what it did."""
        chosen = self.selected()
        if not chosen or not self._project.shareable:
            return
        own, others = self._project.together(chosen, split)
        title = next((said_move(title).lower() for name, title, _ in MOVES if name == split), self.tr("no split"))
        if not own and not others:
            self.selection_bar.tell(
                self.tr("Nothing to move: the selected cases are in {title} already, or damaged.").format(title=title)
            )
            return
        self._project.move_cases(dict.fromkeys([*own, *others], split))
        text = counted("CaseBrowser", "{n} cases moved to {split}", "{n} case moved to {split}", len(own))
        text = text.format(split=title)
        if others:
            text += self.tr(", and {n} more of the same patients (or copies), which must not be parted").format(
                n=f"{len(others):,}"
            )
        # Cases are counted for it: in a turn of its own, as beside the grid.
        in_turn(
            self,
            lambda: self.selection_bar.tell(
                self.tr("{text}. Ctrl+Z takes it back. {split_problem}")
                .format(text=text, split_problem=self._project.split_problem)
                .rstrip()
            ),
        )

    def _moved(self) -> None:
        self.selection_bar.tell("")
        self.refresh()

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        chosen = self.grid.selected_rows()
        current = self.grid.indexAt(at)
        if current.isValid():
            menu.addAction(self.tr("Open large (Enter)"), lambda: self.opened.emit(current.row()))
            menu.addSeparator()
        for split, plain, key in MOVES:
            title = said_move(plain)
            action = menu.addAction(
                self.tr("Move to {title} ({key})").format(title=title.lower(), key=key),
                lambda split=split: self.move(split),
            )
            action.setEnabled(bool(chosen) and self._project.shareable)
        action = menu.addAction(self.tr("Leave out of all splits"), lambda: self.move(""))
        action.setEnabled(bool(chosen) and self._project.shareable)
        menu.addSeparator()
        menu.addAction(self.tr("Select all (Ctrl+A)"), self.grid.selectAll)
        menu.exec(self.grid.viewport().mapToGlobal(at))
        menu.deleteLater()

    def _count(self) -> None:
        chosen = self.grid.selected_count
        self.filter_bar.show_counts(len(self.model.rows), len(self._project.cases), chosen)
        self.selection_bar.allow(chosen=chosen > 0, movable=self._project.shareable)

    def _tip(self, row: CaseRow) -> str:
        names = {label.value: label.name for label in self._project.labels}
        lines = [row.case_id, self.word_of(row)]
        if row.patient != row.case_id:
            lines.append(self.tr("Patient {patient}").format(patient=row.patient))
        lines.append(row.size)
        lines += [f"{names.get(value, value)}: {100 * area:.2g} %" for value, area in row.areas.items()]
        lines += [f"{severity}: {kind.replace('_', ' ')}" for severity, kind in row.problems]
        lines.append(self.store.problem(row.case_id))
        return "\n".join(line for line in lines if line)


def _colours(labels: Sequence[Label]) -> dict[int, Colour]:
    found: dict[int, Colour] = {}
    for known in labels:
        colour = QColor(known.colour)
        found[known.value] = (colour.red(), colour.green(), colour.blue())
    return found


def _timer(owner: QWidget, ms: int, done: object) -> QTimer:
    made = QTimer(owner)
    made.setSingleShot(True)
    made.setInterval(ms)
    made.timeout.connect(done)
    return made
