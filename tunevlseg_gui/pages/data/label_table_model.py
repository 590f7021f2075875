"""Labels and phrases as an editable table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from tunevlseg_gui.project import Label

COLUMNS = ("Name", "Phrase given to the model", "Value", "Found")
NAME, PHRASE, VALUE, FOUND = range(4)
AnyIndex = QModelIndex | QPersistentModelIndex


class LabelTableModel(QAbstractTableModel):
    """Names and phrases can be edited; blanks and twin names are refused. `edited` follows every change."""

    edited = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._labels: list[Label] = []

    def show_labels(self, labels: list[Label]) -> None:
        self.beginResetModel()
        self._labels = labels
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._labels)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in (NAME, PHRASE) else flags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        label = self._labels[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (label.name, label.phrase, str(label.value), label.found)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == NAME:
            return QColor(label.colour)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() in (NAME, PHRASE):
            return "Double-click to change"
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == FOUND:
            return "Cases that show it, and the share of their image that it covers (median)"
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        text = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not text:
            return False
        label = self._labels[index.row()]
        if index.column() == NAME:
            if any(other is not label and other.name == text for other in self._labels):
                return False
            # A phrase that was only the name follows it.
            if label.phrase == label.name:
                label.phrase = text
            label.name = text
        else:
            label.phrase = text
        self.dataChanged.emit(self.index(index.row(), 0), self.index(index.row(), len(COLUMNS) - 1))
        self.edited.emit()
        return True
