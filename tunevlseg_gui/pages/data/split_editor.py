"""Shares of train, validation and test, and what stays together."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QSpinBox, QWidget

from tunevlseg_gui.project import Split
from tunevlseg_gui.theme.spin_box import inset
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

_TITLES = {"train": "Train", "val": "Validation", "test": "Test"}


class SplitEditor(QWidget):
    """Emits `applied` with a Split whose shares add up to 100 %."""

    applied = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        self._shares: dict[str, QSpinBox] = {}
        self._sizes = {name: label("", "muted", wrap=True, name=f"size_{name}") for name in _TITLES}
        for column, (name, title) in enumerate(_TITLES.items()):
            share = QSpinBox()
            inset(share)
            share.setObjectName(f"share_{name}")
            share.setAccessibleName(f"{title}, per cent")
            share.setRange(0 if name == "test" else 1, 99)
            share.setSuffix(" %")
            share.setMinimumWidth(72)
            share.lineEdit().setTextMargins(6, 0, 0, 0)  # a style sheet's padding does not reach it
            share.valueChanged.connect(self._changed)
            self._shares[name] = share
            grid.addWidget(label(title), 0, column)
            grid.addWidget(share, 1, column)
            grid.addWidget(self._sizes[name], 2, column)
            grid.setColumnStretch(column, 1)
        self._by = QComboBox()
        self._by.setObjectName("splitBy")
        self._by.setAccessibleName("What stays together")
        self._by.setMinimumWidth(72)
        self._by.addItem("By patient", "patient")
        self._by.addItem("By image", "image")
        self._by.setToolTip("By patient: all images of a patient stay in one part. By image flatters the scores.")
        self._by.currentIndexChanged.connect(self._changed)
        self._apply = button("Apply", "applySplit", self._apply_now, tip="Shares the cases out again")
        grid.setRowMinimumHeight(3, 6)
        grid.addWidget(label("Kept together"), 4, 0, 1, 3)
        grid.addWidget(self._by, 5, 0, 1, 2)
        grid.addWidget(self._apply, 5, 2)
        self._wrong = label("", "problem", wrap=True, name="splitProblem")
        grid.addWidget(self._wrong, 6, 0, 1, 3)
        self._shown = Split()
        self.show_split(self._shown)

    def show_split(self, split: Split) -> None:
        self._shown = split
        for name, share in self._shares.items():
            share.blockSignals(True)
            share.setValue(getattr(split, name))
            share.blockSignals(False)
        self._by.blockSignals(True)
        self._by.setCurrentIndex(self._by.findData(split.by))
        self._by.blockSignals(False)
        self._changed()

    def show_sizes(self, splits: dict[str, dict[str, int]], *, volumes: bool) -> None:
        """Cases (and slices, for volumes) that each part got."""
        for name, line in self._sizes.items():
            row = splits.get(name, {})
            cases = row.get("cases", 0)
            text = f"{cases} case" + ("" if cases == 1 else "s")
            line.setText(f"{text}, {row['slices']} slices" if volumes and "slices" in row else text)

    def _entered(self) -> Split:
        train, val, test = (share.value() for share in self._shares.values())
        return Split(train, val, test, str(self._by.currentData()), self._shown.given)

    def _changed(self) -> None:
        entered = self._entered()
        total = entered.train + entered.val + entered.test
        self._wrong.setText("" if entered.adds_up else f"The shares add up to {total} %; they must add up to 100 %.")
        self._wrong.setVisible(not entered.adds_up)
        self._apply.setEnabled(entered.adds_up and entered != self._shown)

    def _apply_now(self) -> None:
        self._shown = self._entered()
        self._changed()
        self.applied.emit(self._shown)
