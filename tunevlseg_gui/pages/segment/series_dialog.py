"""Which of several DICOM series to open: one line each, without the patient's name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.volumes.dicom.entry import SeriesEntry
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

_HEAD = (
    QT_TRANSLATE_NOOP("SeriesDialog", "Modality"),
    QT_TRANSLATE_NOOP("SeriesDialog", "Description"),
    QT_TRANSLATE_NOOP("SeriesDialog", "Slices"),
    QT_TRANSLATE_NOOP("SeriesDialog", "Size"),
    QT_TRANSLATE_NOOP("SeriesDialog", "Voxel size, mm"),
)


class SeriesDialog(QDialog):
    """`chosen` is the entry picked, None where the dialog was closed without one."""

    def __init__(self, entries: Sequence[SeriesEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("seriesDialog")
        self.setWindowTitle(self.tr("Choose a series"))
        self.resize(760, 420)
        self._entries = tuple(entries)
        self.chosen: SeriesEntry | None = None
        self.table = QTableWidget(len(self._entries), len(_HEAD))
        self.table.setObjectName("seriesTable")
        self.table.setAccessibleName(self.tr("Series"))
        self.table.setHorizontalHeaderLabels([self.tr(text) for text in _HEAD])
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.reason = label("", "muted", name="seriesReason", wrap=True)
        self.open_button = button(self.tr("Open"), "seriesOpen", self.accept, role="primary", picture="scan")
        self._fill()
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._picked)
        self.table.itemDoubleClicked.connect(lambda _item: self.accept())
        first = next((row for row, entry in enumerate(self._entries) if not entry.problem), 0)
        self.table.setCurrentCell(first, 0)  # selectRow finds no column from right to left

    def accept(self) -> None:
        entry = self._current()
        if entry is None or entry.problem:
            return
        self.chosen = entry
        super().accept()

    def _fill(self) -> None:
        for row, entry in enumerate(self._entries):
            spacing = entry.spacing_xyz
            words = (
                entry.modality,
                ", ".join(word for word in (entry.description, entry.part) if word),
                str(entry.slices) if entry.kind == "volume" else "picture",
                f"{entry.width} × {entry.height}",
                " × ".join(f"{value:.3g}" for value in spacing) if spacing is not None else "–",
            )
            for column, text in enumerate(words):
                item = QTableWidgetItem(text)
                if entry.problem:
                    item.setForeground(self.palette().placeholderText())
                    item.setToolTip(entry.problem)
                if column == 2:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(button(self.tr("Cancel"), "seriesCancel", self.reject))
        foot.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.addWidget(
            label(self.tr("There are {n} series or volumes here.").format(n=len(self._entries)), "heading")
        )
        column.addWidget(self.table, 1)
        column.addWidget(self.reason)
        column.addLayout(foot)

    def _current(self) -> SeriesEntry | None:
        row = self.table.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def _picked(self) -> None:
        entry = self._current()
        self.open_button.setEnabled(entry is not None and not entry.problem)
        self.reason.setText(entry.problem if entry is not None else "")
