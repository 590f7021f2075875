"""Labels and phrases as an editable table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from tunevlseg_gui.dataset import Label
from tunevlseg_gui.project import Project
from tunevlseg_gui.theme.icons import swatch

COLUMNS = (
    QT_TRANSLATE_NOOP("LabelTableModel", "Name"),
    QT_TRANSLATE_NOOP("LabelTableModel", "Phrase"),
    QT_TRANSLATE_NOOP("LabelTableModel", "Value"),
    QT_TRANSLATE_NOOP("LabelTableModel", "Found"),
)
NAME, PHRASE, VALUE, FOUND = range(4)
AnyIndex = QModelIndex | QPersistentModelIndex


class LabelTableModel(QAbstractTableModel):
    """Names and phrases of the project's labels can be edited, each as a step to undo; blanks and twins are refused."""

    def __init__(self, project: Project, parent: Any = None) -> None:
        super().__init__(parent)
        self._project = project
        self._labels: list[Label] = []
        project.labels_edited.connect(self.show_labels)

    def show_labels(self) -> None:
        """The project's labels as they are now; the selection stays where their number does."""
        if len(self._project.labels) == len(self._labels):
            self._labels = self._project.labels
            if self._labels:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._labels) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._labels = self._project.labels
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._labels)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.tr(COLUMNS[section])
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in (NAME, PHRASE) else flags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        label = self._labels[index.row()]
        if role == Qt.ItemDataRole.DisplayRole and index.column() == PHRASE and label.alternatives:
            return f"{label.phrase}  (+{len(label.alternatives)})"
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (label.name, label.phrase, str(label.value), label.found)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == NAME:
            return swatch(label.colour)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == PHRASE and label.alternatives:
            return self.tr("Also said while tuning:\n") + "\n".join(label.alternatives)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() in (NAME, PHRASE):
            return self.tr("Double-click to change")
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == FOUND:
            return self.tr("Cases that show it, and the share of their image that it covers (median)")
        return None

    def label_at(self, row: int) -> Label | None:
        return self._labels[row] if 0 <= row < len(self._labels) else None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        text = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not text:
            return False
        label = self._labels[index.row()]
        if index.column() == NAME:
            if any(other is not label and other.name == text for other in self._labels):
                return False
            # A phrase that was only the name follows it.
            after = {"name": text, "phrase": text} if label.phrase == label.name else {"name": text}
            self._project.change_label(label.value, self.tr("name of {name}").format(name=label.name), **after)
        else:
            self._project.change_label(label.value, self.tr("phrase of {name}").format(name=label.name), phrase=text)
        return True
