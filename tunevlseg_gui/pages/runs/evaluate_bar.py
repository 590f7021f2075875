"""Scores of a run asked for: which split, of which folder; progress, and a way out."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.contract.durations import duration
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import Evaluate
from engine.runs.layout import RECIPE
from engine.runs.scores import evaluation_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import PathLabel, label


class EvaluateBar(QWidget):
    evaluated = Signal(object)  # Path of the run
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._folder = Path()
        self._data = ""
        self._job = ""
        self.split = QComboBox()
        self.split.setObjectName("evaluateSplit")
        self.split.setAccessibleName(self.tr("Split"))
        for title, name in (
            (self.tr("Test split"), "test"),
            (self.tr("Validation split"), "val"),
            (self.tr("Training split"), "train"),
            (self.tr("All cases"), "all"),
        ):
            self.split.addItem(title, name)
        self.place = PathLabel()
        self.place.setObjectName("evaluateData")
        self.own = button(self.tr("The run's own data"), "evaluateOwn", lambda: self.use_data(""), role="flat")
        self.other = button(self.tr("Another folder…"), "evaluateFolder", self._choose, role="flat", picture="folder")
        self.tolerance = QDoubleSpinBox()
        self.tolerance.setObjectName("evaluateTolerance")
        self.tolerance.setAccessibleName(self.tr("Tolerance of the surface Dice, millimetres or pixels"))
        self.tolerance.setToolTip(
            self.tr("Distance at which a border still counts as right: millimetres, pixels for pictures")
        )
        self.tolerance.setRange(-0.5, 1000)
        self.tolerance.setSingleStep(0.5)
        self.tolerance.setDecimals(1)
        self.tolerance.setSpecialValueText(self.tr("as in the recipe"))
        self.tolerance.lineEdit().setTextMargins(6, 0, 0, 0)  # words would touch the border
        self.tolerance.setValue(-0.5)
        self.start = button(self.tr("Evaluate"), "evaluateStart", self._start, role="primary", picture="play")
        self.cancel = button(self.tr("Cancel"), "evaluateCancel", self._cancel, picture="stop")
        self.command = command_button("evaluateCommand", self.tr("Show the command"), self.job, self._recipe)
        self.progress = QProgressBar()
        self.progress.setObjectName("evaluateProgress")
        self.progress.setTextVisible(False)
        self.words = label("", "muted", name="evaluateWords")
        line = QHBoxLayout()
        line.setSpacing(8)
        for widget in (self.split, label(self.tr("of"), "muted")):
            line.addWidget(widget)
        line.addWidget(self.place, 1)
        for widget in (self.own, self.other, self.cancel, self.start):
            line.addWidget(widget)
        below = QHBoxLayout()
        below.setSpacing(8)
        for widget in (label(self.tr("Tolerance"), "muted"), self.tolerance, self.command):
            below.addWidget(widget)
        below.addWidget(self.progress, 1)
        below.addWidget(self.words)
        below.addStretch(0)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(line)
        rows.addLayout(below)
        self._show_going(False)
        self.use_data("")

    def show_run(self, folder: Path) -> None:
        self._folder = folder
        self.use_data("")

    def use_data(self, folder: str) -> None:
        """Which folder is scored; empty: the run's own data."""
        self._data = folder
        self.place.set_path(folder or self.tr("the run's own data"))
        self.own.setVisible(bool(folder))

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Score the run on this folder of images and masks"))
        if chosen:
            self.use_data(chosen)

    def job(self) -> Evaluate:
        """What would be asked now."""
        out = str(evaluation_folder(self._folder, self._data)) if self._data else ""
        tolerance = None if self.tolerance.value() < 0 else self.tolerance.value()
        return Evaluate(str(self._folder), self._data, str(self.split.currentData()), out, tolerance)

    def _recipe(self) -> Path:
        return self._folder / RECIPE

    def _start(self) -> None:
        folder = self._folder

        def heard(event: Event) -> None:
            self._heard(folder, event)

        self._show_going(True)
        self.progress.setRange(0, 0)
        self.words.setText(self.tr("Getting ready…"))
        self.notice.emit(None)
        self._job = self._client.submit(self.job(), heard)

    def _cancel(self) -> None:
        self.words.setText(self.tr("Cancelling…"))
        self._client.cancel(self._job)

    def _show_going(self, going: bool) -> None:
        self.start.setVisible(not going)
        for widget in (self.cancel, self.progress, self.words):
            widget.setVisible(going)

    def _heard(self, folder: Path, event: Event) -> None:
        match event:
            case Progress(done=done, total=total, unit=unit, eta=eta, stage=stage):
                self.progress.setRange(0, int(total))
                self.progress.setValue(int(done))
                left = self.tr(", {time} left").format(time=duration(eta)) if eta and eta >= 1 else ""
                self.words.setText(f"{stage or unit} {done:.0f}/{total:.0f}{left}")
            case JobFinished():
                self._show_going(False)
                self.evaluated.emit(folder)
            case JobFailed():
                self._show_going(False)
                self.notice.emit(of_failure(event))
            case JobCancelled():
                self._show_going(False)
