"""Repairs of many masks at once: what differs is shown first; then progress, a cancel, and what became of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import RepairData
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.pages.data.problem_groups import ProblemGroup
from tunevlseg_gui.translation import counted
from tunevlseg_gui.widgets.banner import Banner
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

_TITLES = {
    "geometry": QT_TRANSLATE_NOOP("RepairDialog", "Bring masks onto their scans' grids"),
    "lossless": QT_TRANSLATE_NOOP("RepairDialog", "Save masks without loss"),
    "invert": QT_TRANSLATE_NOOP("RepairDialog", "Invert masks"),
}
_WORDS = {
    "geometry": QT_TRANSLATE_NOOP(
        "RepairDialog",
        "Below is what differs between each scan and its mask. The repair that suits the headers best is taken "
        "for each; nothing is guessed where they do not allow one.",
    ),
    "lossless": QT_TRANSLATE_NOOP(
        "RepairDialog",
        "Values above one half count as marked already; they are stored so as PNG, and nothing is cut again.",
    ),
    "invert": QT_TRANSLATE_NOOP(
        "RepairDialog",
        "Marked and unmarked are exchanged. Look at the thumbnails first: only masks of one structure are taken.",
    ),
}
_KEPT = QT_TRANSLATE_NOOP(
    "RepairDialog",
    "Each repaired mask is a new file in tunevlseg-repaired, with a log beside it; dataset.yaml says that it is read "
    "in place of yours. Your own files stay as they are. Undo reads them again, and the new files stay too.",
)


class RepairDialog(QDialog):
    """Emits `mended` with the engine's result once new files are there (they are not in use yet)."""

    mended = Signal(object)

    def __init__(self, client: EngineClient, folder: Path, group: ProblemGroup, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("repairDialog")
        self.setWindowTitle(self.tr(_TITLES[group.mending]))
        self.resize(720, 520)
        self._client, self._folder, self._group = client, folder, group
        self._job = ""
        self._comparing = False
        self.banner = Banner()
        self.rows = QTreeWidget()
        self.rows.setObjectName("repairRows")
        self.rows.setAccessibleName(self.tr("Masks and what becomes of them"))
        self.rows.setUniformRowHeights(True)
        self.rows.setHeaderLabels(
            [self.tr("Case"), self.tr("Scan"), self.tr("Mask")]
            if group.mending == "geometry"
            else [self.tr("Case"), self.tr("Result")]
        )
        self.rows.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.rows.header().setStretchLastSection(True)
        self.how = QComboBox()
        self.how.setObjectName("repairHow")
        self.how.setAccessibleName(self.tr("Which repair"))
        self.how.addItem(self.tr("The best for each"), "")
        if group.mending != "geometry":
            self.how.hide()  # never shown from here: without a parent yet, it would be a window of its own
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.line = label("", "muted", name="repairLine")
        count = len(group.cases)
        self.go = button(
            counted("RepairDialog", "Repair {n} cases", "Repair {n} case", count),
            "repairGo",
            self._repair,
            role="primary",
        )
        self.shut = button(self.tr("Cancel"), "repairClose", self.reject)
        self._lay_out(label(self.tr(_WORDS[group.mending]), wrap=True), label(self.tr(_KEPT), "muted", wrap=True))
        for case in group.cases:
            self.rows.addTopLevelItem(QTreeWidgetItem([case]))
        self._busy("")
        if group.mending == "geometry":
            self._compare()

    def _lay_out(self, *words: QWidget) -> None:
        choice = QHBoxLayout()
        choice.addWidget(self.how)
        choice.addWidget(self.line, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.progress, 1)
        foot.addWidget(self.shut)
        foot.addWidget(self.go)
        rows = QVBoxLayout(self)
        rows.setSpacing(10)
        rows.addWidget(words[0])
        rows.addWidget(self.banner)
        rows.addWidget(self.rows, 1)
        rows.addLayout(choice)
        rows.addWidget(words[1])
        rows.addLayout(foot)

    @property
    def running(self) -> bool:
        return bool(self._job)

    def reject(self) -> None:
        """While a repair runs, the first press ends it: what it wrote so far is removed, the dialog stays."""
        if self._job and not self._comparing:
            self.line.setText(self.tr("Cancelling…"))
            self._client.cancel(self._job)
            return
        if self._job:
            self._client.cancel(self._job)
        super().reject()

    def _compare(self) -> None:
        self._comparing = True
        self.go.setEnabled(False)
        self._busy(self.tr("Comparing the headers…"))
        job = RepairData(str(self._folder), self._group.mending, self._group.cases, only_compare=True)
        self._job = self._client.submit(job, self._heard)

    def _repair(self) -> None:
        self.go.setEnabled(False)
        self.banner.hide()
        self._busy(self.tr("Repairing…"))
        how = str(self.how.currentData() or "")
        job = RepairData(str(self._folder), self._group.mending, self._group.cases, how=how, note=False)
        self._job = self._client.submit(job, self._heard)

    def _heard(self, event: Event) -> None:
        if event.job_id != self._job:
            return
        match event:
            case Progress(done=done, total=total, eta=eta):
                self.progress.setRange(0, int(total or 0))
                self.progress.setValue(int(done))
                left = self.tr(", {eta} s left").format(eta=f"{eta:.0f}") if eta and eta >= 1 else ""
                self.line.setText(f"{done:.0f} of {total or 0:.0f} cases{left}")
            case JobFinished(result=result):
                self._over()
                (self._show_differences if self._comparing else self._show_done)(result)
                self._comparing = False
            case JobFailed() as failure:
                self._over()
                self._comparing = False
                self.banner.show_notice(of_failure(failure))
            case JobCancelled():
                self._over()
                self.line.setText(self.tr("Cancelled; nothing was changed."))
                self.go.setEnabled(True)

    def _over(self) -> None:
        self._job = ""
        self._busy("")

    def _busy(self, text: str) -> None:
        self.line.setText(text)
        self.progress.setVisible(bool(text))
        self.progress.setRange(0, 0)

    def _show_differences(self, result: dict[str, Any]) -> None:
        self.rows.clear()
        offered: dict[str, str] = {}
        possible = 0
        for item in result.get("items") or []:
            found = item.get("preflight") or {}
            offers = found.get("offers") or []
            offered |= {offer["repair"]: offer["repair"] for offer in offers}
            possible += bool(offers)
            told = (
                offers[0]["does"] if offers else item.get("error") or found.get("refused") or self.tr("nothing differs")
            )
            top = QTreeWidgetItem(
                [str(item["case_id"]), f"→ {offers[0]['repair']}" if offers else self.tr("no repair"), told]
            )
            for row in found.get("differences") or []:
                top.addChild(QTreeWidgetItem([str(row["what"]), str(row["scan"]), str(row["mask"])]))
            top.setToolTip(2, told)
            self.rows.addTopLevelItem(top)
            top.setExpanded(self.rows.topLevelItemCount() <= 3)
        for repair in offered:
            self.how.addItem(self.tr("Only {repair}").format(repair=repair), repair)
        self.line.setText(
            self.tr("{possible} of {topLevelItemCount} can be repaired.").format(
                possible=possible, topLevelItemCount=self.rows.topLevelItemCount()
            )
        )
        self.go.setEnabled(possible > 0)

    def _show_done(self, result: dict[str, Any]) -> None:
        """Closes where all went well; else stays to show which masks could not be mended, and why."""
        items = result.get("items") or []
        failed = [item for item in items if item.get("error")]
        if result.get("repaired"):
            self.mended.emit(result)
        if not failed and result.get("repaired"):
            self.accept()
            return
        self.rows.clear()
        self.rows.setHeaderLabels([self.tr("Case"), self.tr("Result"), self.tr("What to do")])
        for item in items:
            words = item.get("error") or (item.get("did") if item.get("written") else self.tr("nothing to mend"))
            row = QTreeWidgetItem([str(item["case_id"]), str(words), str(item.get("hint") or "")])
            row.setToolTip(1, str(words))
            self.rows.addTopLevelItem(row)
        self.line.setText(
            self.tr("{n} repaired, {n2} could not be.").format(n=len(result.get("repaired") or {}), n2=len(failed))
        )
        self.shut.setText(self.tr("Close"))
        self.go.hide()
        self.how.hide()
