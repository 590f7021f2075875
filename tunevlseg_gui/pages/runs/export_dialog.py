"""Export of a run: starts at once, then shows the bundle and its parity report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Log, Progress
from engine.contract.jobs import Export
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.widgets.banner import Banner
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import PathLabel, label, set_tone

_ROWS = (
    ("dice", "Dice between the tuned model's masks and the bundle's"),
    ("max_probability_difference", "Largest difference of a probability"),
    ("images", "Images compared"),
    ("source", "Taken from"),
    ("precision", "Precision"),
    ("provider", "ONNX Runtime provider"),
)


def bundle_path(run: Path, name: str) -> Path:
    """A bundle beside the run's files that is not there yet."""
    path, number = run / f"{name}.vlseg", 2
    while path.exists():
        path = run / f"{name}-{number}.vlseg"
        number += 1
    return path


class ExportDialog(QDialog):
    bundle_wanted = Signal(object)  # Path: open it on the Segment page
    folder_wanted = Signal(object)  # Path of the bundle

    def __init__(self, client: EngineClient, run: Path, out: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setWindowTitle("Export to a bundle")
        self.setMinimumWidth(560)
        self._client = client
        self._out = out
        self._over = False
        self.title = label("Writing the bundle…", "heading", name="exportTitle")
        self.line = label("Three ONNX graphs are written, then compared with the tuned model.", "muted", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.banner = Banner()
        self.badge = label("", "chip", name="exportBadge")
        self.badge.hide()
        self.report = QWidget()
        self._report_rows = QFormLayout(self.report)
        self._report_rows.setContentsMargins(0, 0, 0, 0)
        self.report.hide()
        self.close_button = button("Cancel", "exportClose", self.reject)
        self.folder = button(
            "Show folder", "exportFolder", lambda: self.folder_wanted.emit(self._out), picture="folder"
        )
        self.use = button("Use it on a scan", "exportUse", self._use, role="primary", picture="segment")
        for widget in (self.folder, self.use):
            widget.hide()
        self._lay_out()
        self._job = client.submit(Export(str(run), str(out)), self._heard)

    @property
    def bundle(self) -> Path:
        """Where the bundle is, or will be."""
        return self._out

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.badge)
        foot = QHBoxLayout()
        foot.addStretch(1)
        for widget in (self.close_button, self.folder, self.use):
            foot.addWidget(widget)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addLayout(head)
        rows.addWidget(self.line)
        rows.addWidget(self.progress)
        rows.addWidget(self.banner)
        rows.addWidget(self.report)
        rows.addStretch(1)
        rows.addLayout(foot)

    def _heard(self, event: Event) -> None:
        if self._over:
            return
        match event:
            case Progress(done=done, total=total, stage=stage):
                self.progress.setRange(0, int(total))
                self.progress.setValue(int(done))
                self.line.setText(stage or self.line.text())
            case Log(message=message):
                self.line.setText(message)
            case JobFinished(result=result):
                self._finished(result)
            case JobFailed() as failure:
                self._ended("Nothing was exported")
                self.banner.show_notice(of_failure(failure))
            case JobCancelled():
                self._ended("Cancelled")

    def _ended(self, title: str) -> None:
        self._over = True
        self.title.setText(title)
        self.progress.hide()
        self.close_button.setText("Close")

    def _finished(self, result: dict[str, Any]) -> None:
        self._ended("The bundle is ready")
        self._out = Path(str(result.get("bundle") or self._out))
        parity = dict(result.get("parity") or {})
        verified = bool(parity.get("verified", parity.get("passed")))
        self.line.setText(
            "It answers as the tuned model does."
            if verified
            else "Its answers differ from the tuned model's: look at the figures before relying on it."
        )
        self.badge.setText("verified" if verified else "not verified")
        set_tone(self.badge, "good" if verified else "warning")
        self.badge.show()
        self._report_rows.addRow("Bundle", PathLabel(str(self._out)))
        for key, title in _ROWS:
            if key in parity:
                value = QLabel(_shown(parity[key]))
                value.setObjectName(f"parity_{key}")
                self._report_rows.addRow(title, value)
        self.report.show()
        for widget in (self.folder, self.use):
            widget.show()
        self.use.setFocus()

    def _use(self) -> None:
        self.bundle_wanted.emit(self._out)
        self.accept()

    def reject(self) -> None:
        if not self._over:
            self._over = True
            self._client.cancel(self._job)
        super().reject()


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) and value < 0.01 else str(value)
