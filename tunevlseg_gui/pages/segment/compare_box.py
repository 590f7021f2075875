"""Controls for a comparison with a true mask: which label of it, which answer, Dice."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

WHOLE_MASK = QT_TRANSLATE_NOOP("CompareBox", "all labels")


class CompareBox(QWidget):
    open_clicked = Signal()
    end_clicked = Signal()
    chosen = Signal()  # another label or another answer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compareBox")
        self.open_button = button(
            self.tr("Compare with a mask…"),
            "compareButton",
            self.open_clicked.emit,
            tip=self.tr("Shows where an answer agrees with a mask of this scan that is taken as true, and Dice"),
        )
        self.layer_combo, self.value_combo = QComboBox(), QComboBox()
        self.layer_combo.setObjectName("compareLayerCombo")
        self.layer_combo.setAccessibleName(self.tr("Answer that is compared"))
        self.value_combo.setObjectName("compareLabelCombo")
        self.value_combo.setAccessibleName(self.tr("Label of the mask that it is compared with"))
        self.dice = label("", name="compareDice", wrap=True)
        self._opened = QWidget()
        grid = QGridLayout(self._opened)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(label(self.tr("Answer"), "muted"), 0, 0)
        grid.addWidget(self.layer_combo, 0, 1)
        grid.addWidget(label(self.tr("True label"), "muted"), 1, 0)
        grid.addWidget(self.value_combo, 1, 1)
        grid.addWidget(self.dice, 2, 0, 1, 2)
        grid.addWidget(
            button(self.tr("End comparison"), "endCompareButton", self.end_clicked.emit, role="flat"), 3, 0, 1, 2
        )
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.open_button)
        column.addWidget(self._opened)
        self.layer_combo.activated.connect(self.chosen)
        self.value_combo.activated.connect(self.chosen)
        self.show_values(None)

    def show_values(self, values: Sequence[int] | None) -> None:
        """Labels of the mask that was opened; None: none is open."""
        self._opened.setVisible(values is not None)
        with QSignalBlocker(self.value_combo):
            self.value_combo.clear()
            if values is not None and len(values) != 1:
                self.value_combo.addItem(self.tr(WHOLE_MASK), None)
            for value in values or ():
                self.value_combo.addItem(self.tr("label {value}").format(value=value), value)

    def show_layers(self, layers: Sequence[Layer]) -> None:
        kept = self.phrase
        with QSignalBlocker(self.layer_combo):
            self.layer_combo.clear()
            for layer in layers:
                self.layer_combo.addItem(layer.phrase)
            self.layer_combo.setCurrentIndex(max(self.layer_combo.findText(kept), 0) if layers else -1)

    @property
    def phrase(self) -> str:
        return self.layer_combo.currentText()

    @property
    def value(self) -> int | None:
        """The true label; None: every voxel that is not 0."""
        found = self.value_combo.currentData()
        return None if found is None else int(found)
