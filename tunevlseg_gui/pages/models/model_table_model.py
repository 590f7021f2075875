"""Installed base weights as Qt items."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from tunevlseg_gui.translation import from_engine

COLUMNS = (
    QT_TRANSLATE_NOOP("ModelTableModel", "Name"),
    QT_TRANSLATE_NOOP("ModelTableModel", "Network"),
    QT_TRANSLATE_NOOP("ModelTableModel", "Licence"),
    QT_TRANSLATE_NOOP("ModelTableModel", "Size"),
    "SHA-256",
    QT_TRANSLATE_NOOP("ModelTableModel", "Bundle"),
    QT_TRANSLATE_NOOP("ModelTableModel", "To know"),
)
AnyIndex = QModelIndex | QPersistentModelIndex


class ModelTableModel(QAbstractTableModel):
    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[dict[str, Any]] = []

    def show_rows(self, rows: list[dict[str, Any]]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.tr(COLUMNS[section])
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            notice = from_engine(str(row.get("notice") or ""))
            return (
                from_engine(str(row.get("title") or row.get("id") or "")),
                str(row.get("model") or ""),
                str(row.get("licence") or self.tr("not stated")),
                f"{row['megabytes']} MB" if row.get("megabytes") is not None else "",
                str(row.get("sha256") or "")[:12],
                str(row.get("verdict_short") or self.tr("exported on first use")),
                notice[:1].upper() + notice[1:],
            )[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            bundle = self.tr("\nBundle {verdict}").format(verdict=row["verdict"]) if row.get("verdict") else ""
            return f"{row.get('path', '')}\nSHA-256 {row.get('sha256', '')}{bundle}\n{row.get('notice', '')}".strip()
        return None
