"""Shares of train, validation and test, and what stays together."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QSpinBox, QWidget

from tunevlseg_gui.dataset import Split
from tunevlseg_gui.theme.spin_box import inset
from tunevlseg_gui.translation import counted
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

_TITLES = {
    "train": QT_TRANSLATE_NOOP("SplitEditor", "Train"),
    "val": QT_TRANSLATE_NOOP("SplitEditor", "Validation"),
    "test": QT_TRANSLATE_NOOP("SplitEditor", "Test"),
}


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
        for column, (name, plain) in enumerate(_TITLES.items()):
            title = self.tr(plain)
            share = QSpinBox()
            inset(share)
            share.setObjectName(f"share_{name}")
            share.setAccessibleName(self.tr("{title}, per cent").format(title=title))
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
        self._by.setAccessibleName(self.tr("What stays together"))
        self._by.setMinimumWidth(72)
        self._by.addItem(self.tr("By patient"), "patient")
        self._by.addItem(self.tr("By image"), "image")
        self._by.setToolTip(
            self.tr("By patient: all images of a patient stay in one part. By image flatters the scores.")
        )
        self._by.currentIndexChanged.connect(self._changed)
        self._apply = button(self.tr("Apply"), "applySplit", self._apply_now, tip=self.tr("Shares the cases out again"))
        grid.setRowMinimumHeight(3, 6)
        grid.addWidget(label(self.tr("Kept together")), 4, 0, 1, 3)
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
            text = counted("SplitEditor", "{n} cases", "{n} case", cases)
            line.setText(
                self.tr("{text}, {slices} slices").format(text=text, slices=row["slices"])
                if volumes and "slices" in row
                else text
            )

    def _entered(self) -> Split:
        train, val, test = (share.value() for share in self._shares.values())
        return Split(train, val, test, str(self._by.currentData()), self._shown.given)

    def _changed(self) -> None:
        entered = self._entered()
        total = entered.train + entered.val + entered.test
        self._wrong.setText(
            ""
            if entered.adds_up
            else self.tr("The shares add up to {total} %; they must add up to 100 %.").format(total=total)
        )
        self._wrong.setVisible(not entered.adds_up)
        self._apply.setEnabled(entered.adds_up and entered != self._shown)

    def _apply_now(self) -> None:
        self._shown = self._entered()
        self._changed()
        self.applied.emit(self._shown)
