"""Label budget: would more labelled cases pay? A recipe is tuned on 1, 2, 4, … of its cases."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.contract.commands import Cancel, Pause, Resume
from engine.contract.errors import EngineError
from engine.contract.events import (
    EpochEnded,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Log,
    Paused,
    Progress,
    Resumed,
)
from engine.contract.jobs import PlanLabels
from engine.runs.studies import LABEL_PLAN, PLAN_RECIPE, list_label_plans, tournaments_folder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_error, of_failure
from tunevlseg_gui.pages.experiments.plan_form import PlanForm
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.plain_table import PlainTable, number_cell
from tunevlseg_gui.widgets.text import label


class LabelBudgetTab(QWidget):
    notice = Signal(object)
    run_wanted = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("labelBudgetTab")
        self._client = client
        self.folder = Path()
        self.plan: dict[str, Any] = {}
        self.alive = False
        self.paused = False
        self._curve: Any = None
        self.plans = QComboBox()
        self.plans.setObjectName("planChoice")
        self.plans.setAccessibleName(self.tr("Label plan"))
        self.plans.setMinimumWidth(220)
        self.form = PlanForm()
        self.resume = button(self.tr("Resume"), "planResume", self._resume, role="primary", picture="resume")
        self.pause = button(self.tr("Pause"), "planPause", self._pause, picture="pause")
        self.stop = button(self.tr("Stop"), "planStop", self._stop, picture="stop")
        self.command = command_button("planCommand", self.tr("Show the command"), self._shown_job)
        self.advice = label("", "heading", wrap=True, name="planAdvice")
        self.line = label("", "muted", wrap=True, name="planLine")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Finished sizes"))
        self.table = PlainTable("planTable", self.tr("Sizes"), sorts=False)
        self.table.setMinimumWidth(300)
        self.table.activated.connect(lambda index: self._open(index.row()))
        self._lay_out()
        self.form.start.clicked.connect(self._start)
        self.plans.currentIndexChanged.connect(lambda _at: self._chosen())
        client.run_event.connect(self._heard)
        client.run_life.connect(self._life)
        self._show()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(self.tr("Plan"), "muted"))
        head.addWidget(self.plans)
        head.addWidget(self.line, 1)
        for made in (self.command, self.pause, self.stop, self.resume):
            head.addWidget(made)
        self._place = QHBoxLayout()
        self._place.setSpacing(12)
        self._place.addWidget(self.table)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 12, 0, 0)
        rows.setSpacing(10)
        rows.addWidget(self.form)
        rows.addLayout(head)
        rows.addWidget(self.bar)
        rows.addWidget(self.advice)
        rows.addLayout(self._place, 1)

    # -- choosing ------------------------------------------------------------------------------------------------

    def came_to_front(self) -> None:
        if self._curve is None:
            from tunevlseg_gui.pages.experiments.plots.label_curve import LabelCurve

            self._curve = LabelCurve()
            self._place.insertWidget(0, self._curve, 1)
        run_task(self, lambda: list_label_plans(tournaments_folder()), self._offer_plans)

    def use_recipe(self, recipe: Path) -> None:
        self.form.use_recipe(recipe)

    def _offer_plans(self, folders: list[Path]) -> None:
        kept = self.folder
        if kept != Path() and kept not in folders:
            folders = [kept, *folders]
        self.plans.blockSignals(True)
        self.plans.clear()
        for folder in folders:
            self.plans.addItem(folder.name, folder)
        self.plans.setCurrentIndex(folders.index(kept) if kept in folders else 0)
        self.plans.blockSignals(False)
        if folders and kept == Path():
            self._chosen()
        else:
            self._read()

    def _chosen(self) -> None:
        folder = self.plans.currentData()
        if folder is not None and folder != self.folder:
            self._use(folder)

    def _use(self, folder: Path) -> None:
        if self.folder != Path():
            self._client.unwatch(self.folder)
        self.folder, self.plan, self.alive, self.paused = folder, {}, False, False
        self.line.setText("")
        self.bar.setRange(0, 1)
        self.bar.setValue(0)
        self._client.watch(folder)
        self._read()
        self._show()

    def _read(self) -> None:
        if self.folder != Path():
            run_task(self, partial(_plan_of, self.folder), partial(self._take, self.folder))

    def _take(self, folder: Path, plan: dict[str, Any]) -> None:
        if folder == self.folder:
            self.plan = plan
            self._show()

    # -- showing -------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        points = self.plan.get("points", [])
        if self._curve is not None:
            self._curve.show_plan(points, self.plan.get("curve") or {})
        heads = [self.tr("Cases"), self.tr("Test Dice"), self.tr("From"), self.tr("To")]
        self.table.show_rows(
            heads,
            [
                (
                    [
                        number_cell(point["cases"], 0), number_cell(point["dice"]), number_cell(point["low"]),
                        number_cell(point["high"]),
                    ],
                    point["run"],
                )
                for point in points
            ],
        )  # fmt: skip
        self.table.setVisible(bool(points))
        advice = str(self.plan.get("advice") or "")
        if not advice:
            advice = (
                self.tr("The curve grows with each size; the advice comes with the last one.")
                if points or self.alive
                else self.tr("Would more labelled cases pay? The recipe is tuned on 1, 2, 4, … of them to find out.")
            )
        self.advice.setText(advice)
        known = self.folder != Path()
        self.pause.setVisible(self.alive)
        self.pause.setText(self.tr("Go on") if self.paused else self.tr("Pause"))
        self.stop.setVisible(self.alive)
        self.resume.setVisible(known and not self.alive and not self.plan.get("advice"))
        self.bar.setVisible(self.alive)

    # -- acting --------------------------------------------------------------------------------------------------

    def _shown_job(self) -> PlanLabels | None:
        try:
            return self.form.job()
        except ValueError as error:
            if self.folder != Path():
                return PlanLabels(str(self.folder / PLAN_RECIPE), str(self.folder), self._sizes(), self._gain())
            self.line.setText(str(error))
            return None

    def _sizes(self) -> list[int]:
        return [int(size) for size in self.plan.get("sizes", [])]

    def _gain(self) -> float:
        return float(self.plan.get("gain") or self.form.gain.value())

    def _start(self) -> None:
        try:
            job = self.form.job()
        except ValueError as error:
            self.line.setText(str(error))
            return
        self._go(job)

    def _resume(self) -> None:
        self._go(PlanLabels(str(self.folder / PLAN_RECIPE), str(self.folder), self._sizes(), self._gain()))

    def _go(self, job: PlanLabels) -> None:
        try:
            self._client.start_run(job)
        except EngineError as error:
            self.notice.emit(of_error(error))
            return
        self.notice.emit(None)
        self._use(Path(job.out))
        self.alive = True
        self.line.setText(self.tr("The worker starts, or waits for the device."))
        self.came_to_front()
        self._show()

    def _pause(self) -> None:
        self._client.tell_study(self.folder, Resume() if self.paused else Pause())

    def _stop(self) -> None:
        self._client.tell_study(self.folder, Cancel())

    def _open(self, row: int) -> None:
        if 0 <= row < len(self.table.values.rows):
            self.run_wanted.emit(Path(self.table.values.rows[row][1]))

    def _heard(self, folder: str, event: Event) -> None:
        if Path(folder) != self.folder:
            return
        match event:
            case JobStarted():
                self.paused = False
            case Log(message=message):
                self.line.setText(message)
            case Progress(done=done, total=total):
                self.bar.setRange(0, int(total))
                self.bar.setValue(int(done))
                self._read()
            case EpochEnded(epoch=epoch, epochs=epochs):
                words = self.line.text().partition(" · ")[0]
                self.line.setText(self.tr("{words} · epoch {n} of {all}").format(words=words, n=epoch, all=epochs))
            case Paused() | Resumed():
                self.paused = isinstance(event, Paused)
                self._show()
            case JobFinished() | JobCancelled():
                self.line.setText("")
                self._read()
            case JobFailed() as failure:
                self.line.setText("")
                self.notice.emit(of_failure(failure))

    def _life(self, folder: str, alive: bool) -> None:
        if Path(folder) == self.folder:
            self.alive = alive
            self._read()
            self._show()


def _plan_of(folder: Path) -> dict[str, Any]:
    """What is known of a plan; empty before its first size is tuned."""
    try:
        found: dict[str, Any] = json.loads((folder / LABEL_PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
