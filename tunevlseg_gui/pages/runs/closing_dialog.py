"""What becomes of a run when the window is closed: it goes on in the background, or it is stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

Answer = Literal["background", "stop"]


class ClosingDialog(QDialog):
    answered = Signal(str, bool)  # background | stop, and whether to ask no more

    def __init__(self, run: Path, waiting: int, parent: QWidget | None = None) -> None:
        """`run` has the device, `waiting` others wait for it."""
        super().__init__(parent)
        self.setObjectName("closingDialog")
        self.setWindowTitle(self.tr("A run goes on"))
        self.setMinimumWidth(460)
        told = self.tr("{run} is being tuned.").format(run=run.name)
        if waiting:
            told += " " + self.tr("Runs that wait in the queue: {count}.").format(count=waiting)
        self.remember = QCheckBox(self.tr("Do the same from now on, without asking"))
        self.remember.setObjectName("closingRemember")
        stay = button(self.tr("Do not close"), "closingStay", self.reject, role="flat")
        stop = button(
            self.tr("Stop it"),
            "closingStop",
            lambda: self._answer("stop"),
            picture="stop",
            tip=self.tr("It can be resumed from its last epoch; the queue is held"),
        )
        keep = button(
            self.tr("Keep it running"),
            "closingKeep",
            lambda: self._answer("background"),
            role="primary",
            picture="runs",
        )
        foot = QHBoxLayout()
        foot.addStretch(1)
        for widget in (stay, stop, keep):
            foot.addWidget(widget)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addWidget(label(self.tr("Close the window?"), "heading"))
        rows.addWidget(label(told, wrap=True))
        rows.addWidget(
            label(
                self.tr(
                    "Kept running, it goes on in the background, and the window finds it again when it is opened. "
                    "Stopped, it ends at once and can be resumed."
                ),
                "muted",
                wrap=True,
            )
        )
        rows.addWidget(self.remember)
        rows.addLayout(foot)
        keep.setDefault(True)
        keep.setFocus()

    def _answer(self, answer: Answer) -> None:
        self.answered.emit(answer, self.remember.isChecked())
        self.accept()
