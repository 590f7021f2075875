"""Two lists from which the columns of a plot are chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.study_data import Column
from tunevlseg_gui.widgets.text import label


class ColumnChoice(QWidget):
    changed = Signal()

    def __init__(self, first: str, second: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: Sequence[Column] = ()
        self.lists = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for words, which in ((first, "X"), (second, "Y")):
            made = QComboBox()
            made.setObjectName(f"{name}{which}")
            made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # what is offered comes later
            made.setAccessibleName(words)
            made.currentIndexChanged.connect(lambda _at: self.changed.emit())
            row.addWidget(label(words, "muted"))
            row.addWidget(made)
            self.lists.append(made)
        row.addStretch(1)

    def offer(self, columns: Sequence[Column], usual: tuple[int, int]) -> None:
        """Keeps what was chosen where the same columns come again."""
        same = [one.key for one in columns] == [one.key for one in self._columns]
        self._columns = columns
        if same:
            return
        for at, made in zip(usual, self.lists, strict=True):
            made.blockSignals(True)
            made.clear()
            made.addItems([one.title for one in columns])
            made.setCurrentIndex(min(at, len(columns) - 1))
            made.blockSignals(False)

    @property
    def pair(self) -> tuple[Column | None, Column | None]:
        first, second = (
            self._columns[made.currentIndex()] if 0 <= made.currentIndex() < len(self._columns) else None
            for made in self.lists
        )
        return first, second
