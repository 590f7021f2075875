"""A row that offers edits which were not saved: they come back, or are thrown away; until then they stay on disk."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from tunevlseg_gui.pages.segment.recovery import KeptEdits
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label


class RecoveryRow(QWidget):
    restore_clicked = Signal()
    throw_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recoveryRow")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.words = label("", wrap=True, name="recoveryWords")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.addWidget(self.words, 1)
        row.addWidget(
            button(
                self.tr("Bring them back"), "restoreEdits", self.restore_clicked.emit, role="primary", picture="undo"
            )
        )
        row.addWidget(button(self.tr("Throw them away"), "throwEdits", self.throw_clicked.emit))
        self.hide()

    def offer(self, kept: KeptEdits) -> None:
        names = ", ".join(f"“{mask.phrase}”" for mask in kept.masks)
        self.words.setText(self.tr("Edits of this scan were not saved: {names}.").format(names=names))
        self.show()
