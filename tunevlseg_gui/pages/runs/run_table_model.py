"""Runs as Qt items: name, strategy, state, best Dice, epochs, bundle, date."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from tunevlseg_gui.theme.look import look

COLUMNS = ("Name", "Strategy", "State", "Best Dice", "Epochs", "Bundle", "Date")
AnyIndex = QModelIndex | QPersistentModelIndex
STATE_TOKENS = {"running": "accent_text", "finished": "good", "failed": "danger", "interrupted": "warning"}
STATE_WORDS = {"new": "starting"}


@dataclass(frozen=True)
class RunRow:
    """What the table shows of a run; read off the window's thread."""

    folder: Path
    name: str
    strategy: str
    state: str
    best: float | None
    epochs: int
    changed: float
    bundle: str = ""  # the verdict on the newest one, in short
    bundle_words: str = ""  # and in full, with the numbers


def read_rows(root: Path) -> list[RunRow]:
    """Every run below `root`, newest first."""
    # Imported here: reading YAML is not needed to open the window.
    from engine.runs.reader import list_runs

    return [
        RunRow(
            run.folder,
            run.name,
            str((run.recipe.get("strategy") or {}).get("name") or ""),
            run.state,
            run.best_dice,
            len(run.metrics),
            run.folder.stat().st_mtime,
            *_bundle_of(run.folder),
        )
        for run in list_runs(root)
    ]


def _bundle_of(run: Path) -> tuple[str, str]:
    """What is said of the run's newest bundle; nothing where it was not exported."""
    from engine.bundle.reader import Bundle
    from engine.bundle.verdict import short_verdict, verdict
    from engine.contract.errors import EngineError

    found = [*run.glob("*.vlseg"), *(path.parent for path in run.glob("*/bundle.yaml"))]
    if not found:
        return "", ""
    newest = max(found, key=lambda path: path.stat().st_mtime)
    try:
        manifest = Bundle.open(newest).manifest
    except (EngineError, OSError) as error:
        return "damaged", str(error)
    return short_verdict(manifest), f"{newest.name}: {verdict(manifest)}"


class RunTableModel(QAbstractTableModel):
    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: list[RunRow] = []

    def show_rows(self, rows: list[RunRow]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                row.name,
                row.strategy.replace("_", " "),
                STATE_WORDS.get(row.state, row.state),
                "" if row.best is None else f"{row.best:.3f}",
                str(row.epochs),
                row.bundle,
                time.strftime("%Y-%m-%d %H:%M", time.localtime(row.changed)),
            )[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 2 and row.state in STATE_TOKENS:
            return look().colour(STATE_TOKENS[row.state])
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.bundle_words if COLUMNS[index.column()] == "Bundle" and row.bundle_words else str(row.folder)
        return None
