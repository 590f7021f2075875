"""The labels of a dataset: a table, what can be said of the chosen one, and tables of other programs in and out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QInputDialog,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.contract.errors import EngineError
from engine.data.label_files import NAMES, LabelRow, read_labels, write_labels
from engine.data.palette import PALETTE
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.edits import Step
from tunevlseg_gui.errors.present import Notice, of_error
from tunevlseg_gui.pages.data.label_editor import LabelEditor
from tunevlseg_gui.pages.data.label_table_model import FOUND, NAME, PHRASE, VALUE, LabelTableModel
from tunevlseg_gui.project import Project
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.flow_layout import FlowLayout

_ROOM_FOR_ALL = 380  # pixels, below which one column of the table is left away
_ROWS_MEASURED = 24
"""Rows that decide how wide a column is: Qt would look at a thousand at each change of size."""


class LabelsPanel(QWidget):
    notice = Signal(object)
    merge_wanted = Signal(int, int)  # a label's value, and the value of the label that it becomes a part of
    look_wanted = Signal()  # which labels there are has changed: what was counted no longer holds

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self.model = LabelTableModel(project, self)
        self.table = QTableView()
        self.table.setObjectName("labelTable")
        self.table.setAccessibleName(self.tr("Labels and phrases"))
        self.table.setModel(self.model)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setMinimumHeight(110)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        columns = self.table.horizontalHeader()
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, mode in (
            (NAME, QHeaderView.ResizeMode.Stretch),
            (PHRASE, QHeaderView.ResizeMode.Stretch),
            (VALUE, QHeaderView.ResizeMode.ResizeToContents),
            (FOUND, QHeaderView.ResizeMode.ResizeToContents),
        ):
            columns.setSectionResizeMode(column, mode)
        columns.setResizeContentsPrecision(_ROWS_MEASURED)
        self.editor = LabelEditor(project)
        self.ignore = button(
            self.tr("Ignore"),
            "ignoreLabel",
            self._ignore,
            tip=self.tr("Leaves the chosen label out: its pixels count as background"),
        )
        self.merge = button(
            self.tr("Merge…"), "mergeLabel", tip=self.tr("Makes the chosen label a part of another one")
        )
        self.merge_into = QMenu(self)
        self.merge.setMenu(self.merge_into)
        # When it opens: a hundred labels make a hundred lines, and another label is chosen more often than merged.
        self.merge_into.aboutToShow.connect(self._offer_merges)
        self.restore = button(
            self.tr("Use all"), "useAllLabels", self._use_all, tip=self.tr("Takes back the labels that were ignored")
        )
        row = FlowLayout()
        row.addWidget(
            button(
                self.tr("Add…"),
                "addLabel",
                self._ask_for_value,
                tip=self.tr("A value of the masks that is no label yet"),
            )
        )
        row.addWidget(self.ignore)
        row.addWidget(self.merge)
        row.addWidget(self.restore)
        row.addWidget(
            button(self.tr("Import…"), "importLabels", self._ask_for_import, tip=self.tr("From ITK-SNAP or 3D Slicer"))
        )
        row.addWidget(
            button(self.tr("Export…"), "exportLabels", self._ask_for_export, tip=self.tr("For ITK-SNAP or 3D Slicer"))
        )
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 12, 12, 12)
        rows.setSpacing(10)
        rows.addWidget(self.table, 1)
        rows.addLayout(row)
        rows.addWidget(self.editor)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_chosen())
        self.model.modelReset.connect(self._choose_first)
        project.labels_edited.connect(self._show_chosen)
        self.show_labels()

    def resizeEvent(self, event: QResizeEvent) -> None:
        # In a narrow column names and phrases come first; how often a label is found, the plots tell too.
        self.table.setColumnHidden(FOUND, event.size().width() < _ROOM_FOR_ALL)
        super().resizeEvent(event)

    def show_labels(self) -> None:
        """The project's labels, as they are now."""
        self.model.show_labels()
        self._show_chosen()

    @property
    def chosen(self) -> Label | None:
        return self.model.label_at(self.table.currentIndex().row())

    def _choose(self, row: int) -> None:
        """Not by selectRow, which finds no column from right to left."""
        self.table.setCurrentIndex(self.model.index(row, NAME))

    def _choose_first(self) -> None:
        if self.model.rowCount() and not self.table.currentIndex().isValid():
            self._choose(0)  # which shows it
        else:
            self._show_chosen()

    def _show_chosen(self) -> None:
        self.editor.show_label(self.chosen)
        labels = self._project.labels
        self.ignore.setEnabled(self.chosen is not None and len(labels) > 1)
        self.merge.setEnabled(self.chosen is not None and len(labels) > 1)
        self.restore.setVisible(len(self._project.known_labels) > len(labels))

    def _ask_for_value(self) -> None:
        values = [label.value for label in self._project.labels]
        next_one = max(values, default=0) + 1
        value, agreed = QInputDialog.getInt(
            self, self.tr("Add a label"), self.tr("Its value in the masks"), next_one, 1, 65535
        )
        if agreed:
            self.add(value)

    def add(self, value: int) -> None:
        """A label for masks' pixels of this value, to be named; told where there is one already."""
        labels = self._project.labels
        twin = next((label for label in labels if label.value == value), None)
        if twin is not None:
            self.notice.emit(
                Notice(
                    self.tr("The value {value} is {name} already.").format(value=value, name=twin.name),
                    self.tr("Choose another value."),
                    "warning",
                )
            )
            return
        taken = {label.colour.upper() for label in labels}
        colour = next((colour for colour in PALETTE if colour not in taken), PALETTE[len(labels) % len(PALETTE)])
        name = self.tr("label {value}").format(value=value)
        after = sorted([*labels, Label(value, name, name, colour)], key=lambda label: label.value)
        self._replace(self.tr("adding of {name}").format(name=name), after, recount=True)
        self._choose([label.value for label in after].index(value))

    def _offer_merges(self) -> None:
        chosen = self.chosen
        self.merge_into.clear()
        for other in self._project.labels if chosen is not None else ():
            if other.value != chosen.value:
                self.merge_into.addAction(
                    self.tr("Into {name}").format(name=other.name),
                    lambda value=chosen.value, into=other.value: self.merge_wanted.emit(value, into),
                )

    def _ignore(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            rest = [label for label in self._project.labels if label.value != chosen.value]
            self._replace(self.tr("ignoring of {name}").format(name=chosen.name), rest, recount=True)

    def _use_all(self) -> None:
        known = {label.value: label for label in self._project.labels}
        every = [known.get(value, label) for value, label in sorted(self._project.known_labels.items())]
        self._replace(self.tr("taking back of labels"), every, recount=True)

    def _replace(self, text: str, after: list[Label], *, recount: bool = False) -> None:
        before = list(self._project.labels)

        def put(labels: list[Label]) -> None:
            self._project.put_labels(labels)
            if recount:
                self.look_wanted.emit()

        self._project.undo_stack.push(Step(text, lambda: put(after), lambda: put(before)))

    # -- tables of other programs ----------------------------------------------------------------------------------

    def _ask_for_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Import a table of labels"), "", NAMES)
        if path:
            self.import_labels(Path(path))

    def import_labels(self, path: Path) -> None:
        """Names, colours and codes of labels with the same values; what else the file holds is told."""
        try:
            rows = {row.value: row for row in read_labels(path)}
        except EngineError as error:
            self.notice.emit(of_error(error))
            return
        taken: set[str] = set()
        after = [_with(label, rows.get(label.value), taken) for label in self._project.labels]
        used = [label for label in after if label.value in rows]
        unknown = len(rows) - len(used)
        if used and after != self._project.labels:
            self._replace(self.tr("labels from {name}").format(name=path.name), after)
        rest = (
            self.tr(" {unknown} other labels of the file have values that no mask of this dataset holds.").format(
                unknown=unknown
            )
            if unknown
            else ""
        )
        told = self.tr("{n} of {total} labels were found in {name}.").format(
            n=len(used), total=len(after), name=path.name
        )
        self.notice.emit(Notice(told, rest.strip(), "good" if used else "warning"))

    def _ask_for_export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Export the table of labels"), "labels.csv", NAMES)
        if path:
            self.export_labels(Path(path))

    def export_labels(self, path: Path) -> None:
        rows = [LabelRow(label.value, label.name, label.colour, label.snomed) for label in self._project.labels]
        try:
            write_labels(rows, path)
        except EngineError as error:
            self.notice.emit(of_error(error))
        else:
            self.notice.emit(
                Notice(
                    self.tr("{n} labels were written to {name}.").format(n=len(rows), name=path.name),
                    str(path.parent),
                    "good",
                )
            )


def _with(label: Label, row: LabelRow | None, taken: set[str]) -> Label:
    name = row.name if row is not None and row.name else label.name
    # Files may call two labels alike; here each has a name of its own.
    name = f"{name} ({label.value})" if name in taken else name
    taken.add(name)
    if row is None:
        return replace(label, name=name)
    phrase = name.replace("_", " ") if label.phrase == label.name else label.phrase
    colour, code = row.colour or label.colour, row.snomed or label.snomed
    return replace(label, name=name, phrase=phrase, colour=colour, snomed=code)
