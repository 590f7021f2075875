"""Export of a run: which number formats, the way there, and what came of it with its parity reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.contract.durations import duration
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Log, Progress
from engine.contract.jobs import Export
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.translation import from_engine
from tunevlseg_gui.widgets.banner import Banner
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import PathLabel, label, set_tone

PRECISIONS = (
    (
        "fp32",
        QT_TRANSLATE_NOOP("ExportDialog", "fp32: as it was tuned"),
        QT_TRANSLATE_NOOP("ExportDialog", "Runs everywhere. The largest files; choose this if unsure."),
    ),
    (
        "fp16",
        QT_TRANSLATE_NOOP("ExportDialog", "fp16: half the size"),
        QT_TRANSLATE_NOOP("ExportDialog", "For graphics cards. On a processor it is no faster, often slower."),
    ),
    (
        "int8",
        QT_TRANSLATE_NOOP("ExportDialog", "int8: about a third of the size"),
        QT_TRANSLATE_NOOP("ExportDialog", "Mostly faster on a processor, and runs there only. Masks differ a little."),
    ),
)

SUFFIX = ".vlseg"


def bundle_path(run: Path, name: str) -> Path:
    """A bundle beside the run's files that is not there yet."""
    path, number = run / f"{name}{SUFFIX}", 2
    while path.exists():
        path = run / f"{name}-{number}{SUFFIX}"
        number += 1
    return path


class ExportDialog(QDialog):
    bundle_wanted = Signal(object)  # Path: open it on the Segment page
    folder_wanted = Signal(object)  # Path of the bundle

    def __init__(self, client: EngineClient, run: Path, out: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setWindowTitle(self.tr("Export to a bundle"))
        self.setMinimumWidth(560)
        self._client = client
        self._out = out
        self._over = False
        self._run = run
        self._job: str | None = None
        self.title = label(self.tr("Export to a bundle"), "heading", name="exportTitle")
        self.line = label(
            self.tr(
                "ONNX graphs for each number format chosen. Each is compared with the tuned model before it is kept."
            ),
            "muted",
            wrap=True,
        )
        self.boxes = {name: self._box(name, self.tr(title)) for name, title, _ in PRECISIONS}
        self.choices = QWidget()
        self.place = PathLabel(str(out))
        self.place.setObjectName("exportPlace")
        self._overwrite = False  # the file dialog has asked
        self._warnings: list[str] = []
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.progress.hide()
        self.banner = Banner()
        self.badge = label("", "chip", name="exportBadge")
        self.badge.hide()
        self.report = QWidget()
        self._report_rows = QVBoxLayout(self.report)
        self._report_rows.setContentsMargins(0, 0, 0, 0)
        self.report.hide()
        self.close_button = button(self.tr("Cancel"), "exportClose", self.reject)
        self.folder = button(
            self.tr("Show folder"), "exportFolder", lambda: self.folder_wanted.emit(self._out), picture="folder"
        )
        self.use = button(self.tr("Use it on a scan"), "exportUse", self._use, role="primary", picture="segment")
        self.start = button(self.tr("Export"), "exportStart", self._start, role="primary", picture="export")
        for widget in (self.folder, self.use):
            widget.hide()
        self._lay_out()
        self.start.setFocus()

    @property
    def bundle(self) -> Path:
        """Where the bundle is, or will be."""
        return self._out

    def _box(self, name: str, title: str) -> QCheckBox:
        box = QCheckBox(title)
        box.setObjectName(f"precision_{name}")
        box.setChecked(name == "fp32")
        box.toggled.connect(lambda: self.start.setEnabled(bool(self.chosen)))
        return box

    @property
    def chosen(self) -> list[str]:
        """The number formats that are ticked."""
        return [name for name, box in self.boxes.items() if box.isChecked()]

    def job(self) -> Export | None:
        """What would be asked now; nothing without a number format.

        Several have a file each, named after the chosen one: of those nobody was asked whether they may be replaced.
        """
        if not self.chosen:
            return None
        replaces = self._overwrite and len(self.chosen) == 1
        return Export(str(self._run), str(self._out), ",".join(self.chosen), overwrite=replaces)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export to a bundle"), str(self._out), self.tr("Bundles (*{suffix})").format(suffix=SUFFIX)
        )
        if chosen:
            path = chosen if chosen.lower().endswith(SUFFIX) else chosen + SUFFIX
            self._out, self._overwrite = Path(path), path == chosen
            self.place.set_path(path)

    def _start(self) -> None:
        wanted = self.job()
        if wanted is None:
            return
        self.choices.hide()
        self.start.hide()
        self.progress.show()
        self.title.setText(self.tr("Writing the bundle…"))
        self.line.setText(self.tr("The graphs are traced, then compared with the tuned model."))
        self._job = self._client.submit(wanted, self.hear)

    def _lay_out(self) -> None:
        choices = QVBoxLayout(self.choices)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(2)
        for name, _, plain in PRECISIONS:
            words = label(self.tr(plain), "muted", wrap=True)
            words.setContentsMargins(24, 0, 0, 0)  # below the text of its box
            choices.addWidget(self.boxes[name])
            choices.addWidget(words)
            choices.addSpacing(8)
        where = QHBoxLayout()
        where.addWidget(label(self.tr("File"), "muted"))
        where.addWidget(self.place, 1)
        where.addWidget(
            button(self.tr("Another place…"), "exportPlaceChoose", self._choose, role="flat", picture="folder")
        )
        choices.addLayout(where)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.badge)
        foot = QHBoxLayout()
        foot.addWidget(command_button("exportCommand", self.tr("Show the command"), self.job))
        foot.addStretch(1)
        for widget in (self.close_button, self.start, self.folder, self.use):
            foot.addWidget(widget)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addLayout(head)
        rows.addWidget(self.line)
        rows.addWidget(self.choices)
        rows.addWidget(self.progress)
        rows.addWidget(self.banner)
        rows.addWidget(self.report)
        rows.addStretch(1)
        rows.addLayout(foot)

    def hear(self, event: Event) -> None:
        if self._over:
            return
        match event:
            case Progress(done=done, total=total, unit="steps", stage=stage, eta=eta):
                self.progress.setRange(0, int(total))
                self.progress.setValue(int(done))
                left = self.tr(", {time} left").format(time=duration(eta)) if eta and eta >= 1 else ""
                self.line.setText(f"{from_engine(stage)}{left}")
            case Log(message=message, level="warning"):
                self._warnings.append(message)
            case JobFinished(result=result):
                self._finished(result)
            case JobFailed() as failure:
                self._ended(self.tr("Nothing was exported"))
                self.banner.show_notice(of_failure(failure))
            case JobCancelled():
                self._ended(self.tr("Cancelled"))

    def _ended(self, title: str) -> None:
        self._over = True
        self.title.setText(title)
        self.progress.hide()
        self.close_button.setText(self.tr("Close"))

    def _finished(self, result: dict[str, Any]) -> None:
        self._ended(self.tr("The bundle is ready"))
        self._out = Path(str(result.get("bundle") or self._out))
        bundles = list(result.get("bundles") or [result])
        verified = all(dict(bundle.get("parity") or {}).get("verified") for bundle in bundles)
        self.line.setText(
            self.tr("It answers as the tuned model does.")
            if verified
            else self.tr("Answers differ from the tuned model's: look at the figures before relying on them.")
        )
        self.badge.setText(self.tr("verified") if verified else self.tr("not verified"))
        set_tone(self.badge, "good" if verified else "warning")
        self.badge.show()
        if self._warnings:
            self.banner.show_notice(Notice(self._warnings[0], "\n".join(self._warnings[1:]), "warning"))
        for bundle in bundles:
            self._report(bundle)
        self.report.show()
        for widget in (self.folder, self.use):
            widget.show()
        self.use.setFocus()
        self.adjustSize()  # other buttons, other texts

    def _report(self, bundle: dict[str, Any]) -> None:
        """Where the bundle lies, how large it is, and its verdict with the numbers."""
        size = bundle.get("megabytes")
        self._report_rows.addWidget(PathLabel(str(bundle.get("bundle") or self._out)))
        words = str(bundle.get("verdict") or "")
        told = label(f"{size:.1f} MB, {words}" if isinstance(size, float) else words, wrap=True)
        told.setObjectName(f"verdict_{bundle.get('precision', 'fp32')}")
        self._report_rows.addWidget(told)
        note = str(bundle.get("precision_note") or "")
        if note:
            self._report_rows.addWidget(label(note, "muted", wrap=True))

    def _use(self) -> None:
        self.bundle_wanted.emit(self._out)
        self.accept()

    def reject(self) -> None:
        if not self._over:
            self._over = True
            if self._job is not None:
                self._client.cancel(self._job)
        super().reject()
