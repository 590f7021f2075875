"""The thumbnails of a dataset as Qt items; pictures are read on pool threads, only for rows that are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage, QImageReader, QPixmap

from tunevlseg_gui.bridge.background import run_task

SplitRole = Qt.ItemDataRole.UserRole + 1
AnyIndex = QModelIndex | QPersistentModelIndex


class ThumbnailTableModel(QAbstractListModel):
    """One row a case: DisplayRole its id, DecorationRole its pixmap (None until it is read), SplitRole its split."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._rows: list[dict[str, Any]] = []
        self._folder = Path()
        self._pictures: dict[int, QPixmap | None] = {}
        self._generation = 0

    def show_rows(self, rows: list[dict[str, Any]], folder: Path) -> None:
        """`rows`: thumbnail (file name in `folder`), case_id, split."""
        self.beginResetModel()
        self._rows, self._folder = rows, folder
        self._pictures = {}
        self._generation += 1
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(row.get("case_id", ""))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.get('case_id', '')}\n{row.get('split', '')}"
        if role == SplitRole:
            return str(row.get("split", ""))
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(index.row())
        return None

    @property
    def drawn(self) -> bool:
        """Every picture that was looked at has been read; False before the first look."""
        return bool(self._pictures) and all(picture is not None for picture in self._pictures.values())

    def _picture(self, row: int) -> QPixmap | None:
        if row not in self._pictures:
            self._pictures[row] = None
            path, generation = self._folder / str(self._rows[row].get("thumbnail", "")), self._generation
            run_task(self, lambda: _read(path), lambda image: self._take(row, generation, image))
        return self._pictures[row]

    def _take(self, row: int, generation: int, image: QImage) -> None:
        if generation == self._generation and not image.isNull():
            self._pictures[row] = QPixmap.fromImage(image)
            index = self.index(row)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])


def _read(path: Path) -> QImage:
    return QImageReader(str(path)).read()
