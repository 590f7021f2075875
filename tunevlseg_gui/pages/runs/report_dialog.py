"""A report of runs as one HTML file: where it goes, what it holds, the way there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from engine.contract.durations import duration
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import Report
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.banner import Banner
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import label


def report_path(rows: Sequence[RunRow]) -> Path:
    """A file in the folder of a run, or beside the runs for several, that is not there yet."""
    name = rows[0].name if len(rows) == 1 else translate("ReportDialog", "{n} runs").format(n=len(rows))
    folder = rows[0].folder if len(rows) == 1 else rows[0].folder.parent
    stem = "report-" + (re.sub(r"[^\w\-]+", "-", name).strip("-") or "run")
    path, number = folder / f"{stem}.html", 2
    while path.exists():
        path = folder / f"{stem}-{number}.html"
        number += 1
    return path


class ReportDialog(QDialog):
    def __init__(self, client: EngineClient, rows: Sequence[RunRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reportDialog")
        self.setWindowTitle(self.tr("Report as HTML"))
        self.setMinimumWidth(600)
        self._client = client
        self._runs = [str(row.folder) for row in rows]
        self._job = ""
        self._replace = ""  # the file that the user chose to replace
        self.title = label(self.tr("Report as HTML"), "heading", name="reportTitle")
        self.line = label(
            self.tr("Settings, data, curves, scores with intervals, examples, versions and limits in one file."),
            "muted",
            wrap=True,
            name="reportLine",
        )
        self.path = QLineEdit(str(report_path(rows)))
        self.path.setObjectName("reportPath")
        self.path.setAccessibleName(self.tr("File of the report"))
        self.names = QCheckBox(self.tr("Name cases as the dataset does (they may be names of patients)"))
        self.names.setObjectName("reportNames")
        self.pictures = QCheckBox(self.tr("Pictures of the best, median and worst case"))
        self.pictures.setObjectName("reportPictures")
        self.pictures.setChecked(True)
        self.progress = QProgressBar()
        self.progress.setObjectName("reportProgress")
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.progress.hide()
        self.banner = Banner()
        self.browse = button(self.tr("Choose…"), "reportChoose", self._choose, picture="folder")
        self.command = command_button("reportCommand", self.tr("Show the command"), self.job)
        self.close_button = button(self.tr("Cancel"), "reportClose", self.reject)
        self.open_file = button(
            self.tr("Open in the browser"), "reportOpen", self._open, role="primary", picture="report"
        )
        self.open_file.hide()
        self.start = button(self.tr("Make the report"), "reportStart", self._start, role="primary", picture="report")
        self.start.setDefault(True)
        self._lay_out()
        self.start.setFocus()

    def _lay_out(self) -> None:
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(self.browse)
        foot = QHBoxLayout()
        foot.addWidget(self.command)
        foot.addStretch(1)
        for widget in (self.close_button, self.start, self.open_file):
            foot.addWidget(widget)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addWidget(self.title)
        rows.addWidget(self.line)
        rows.addLayout(where)
        for widget in (self.pictures, self.names, self.progress, self.banner):
            rows.addWidget(widget)
        rows.addStretch(1)
        rows.addLayout(foot)

    def job(self) -> Report:
        """What would be asked now."""
        out = self.path.text().strip()
        return Report(
            self._runs, out, self.names.isChecked(), self.pictures.isChecked(), bool(out) and out == self._replace
        )

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Report as HTML"), self.path.text(), self.tr("HTML (*.html)")
        )
        if chosen:
            path = chosen if chosen.lower().endswith((".html", ".htm")) else f"{chosen}.html"
            self._replace = path if path == chosen else ""  # the file dialog has asked, of that very name
            self.path.setText(path)

    def _asking(self, on: bool) -> None:
        for widget in (self.path, self.browse, self.pictures, self.names):
            widget.setEnabled(on)
        self.start.setVisible(on)
        self.progress.setVisible(not on)

    def _start(self) -> None:
        self.banner.hide()
        self._asking(False)
        self._job = self._client.submit(self.job(), self._heard)

    def _heard(self, event: Event) -> None:
        match event:
            case Progress(done=done, total=total, stage=stage, eta=eta):
                self.progress.setRange(0, int(total))
                self.progress.setValue(int(done))
                left = self.tr(", {time} left").format(time=duration(eta)) if eta and eta >= 1 else ""
                self.line.setText(f"{stage}{left}")
            case JobFinished(result=result):
                self._finished(list(result.get("notes") or []))
            case JobFailed():
                self._job = ""
                self._asking(True)
                self.banner.show_notice(of_failure(event))
            case JobCancelled():
                self._job = ""

    def _finished(self, notes: list[str]) -> None:
        self._job = ""
        for widget in (self.progress, self.path, self.browse, self.pictures, self.names):
            widget.hide()  # what was asked is over
        self.title.setText(self.tr("The report is ready"))
        self.line.setText(self.path.text())
        self.close_button.setText(self.tr("Close"))
        self.open_file.show()
        self.open_file.setFocus()
        self.adjustSize()
        if notes:
            self.banner.show_notice(Notice(self.tr("Some of it is missing."), "\n".join(notes), "warning"))

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.path.text()))

    def reject(self) -> None:
        if self._job:
            self._client.cancel(self._job)
            self._job = ""
        super().reject()
