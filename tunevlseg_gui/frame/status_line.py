"""The status bar: what tuning runs on, what the engine does, and what the program is for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QLabel, QStatusBar

from engine.contract.events import ENDINGS, Event, JobFailed, JobFinished, Progress
from engine.contract.jobs import Doctor
from engine.contract.notices import RESEARCH_ONLY
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.translation import from_engine


class StatusLine(QObject):
    """Fills `bar`, and keeps to what `client` says."""

    problem = Signal(object)
    """The notice of something that keeps the program from tuning here."""

    def __init__(self, bar: QStatusBar, client: EngineClient) -> None:
        super().__init__(bar)
        self._client = client
        self._state = ""
        self._told_of = ""  # the job whose progress is shown
        self.device = QLabel(self.tr("Device: looking…"))
        self.device.setObjectName("statusDevice")
        self.work = QLabel("")
        self.work.setObjectName("statusWork")
        only = QLabel(self.tr("Research use only"))
        only.setObjectName("statusResearch")
        only.setToolTip(from_engine(RESEARCH_ONLY))
        bar.setSizeGripEnabled(False)
        bar.addWidget(self.device)
        bar.addWidget(self.work, 1)
        bar.addPermanentWidget(only)
        client.worker_state.connect(self._worker_changed)
        client.event.connect(self._progressed)

    def ask_for_device(self) -> None:
        self._client.submit(Doctor(), self._doctor_said)

    @Slot(str)
    def _worker_changed(self, state: str) -> None:
        self._state = state
        if not self._told_of or state != "busy":
            self._show_state()

    def _show_state(self) -> None:
        words = {
            "starting": self.tr("Engine: starting…"),
            "busy": self.tr("Engine: working…"),
            "lost": self.tr("Engine: restarts on the next job"),
        }
        self._told_of = ""
        self.work.setText(words.get(self._state, ""))

    @Slot(object)
    def _progressed(self, event: Event) -> None:
        if isinstance(event, ENDINGS) and event.job_id == self._told_of:
            self._show_state()
        elif isinstance(event, Progress) and event.total:
            self._told_of = event.job_id
            left = self.tr(", {eta} s left").format(eta=f"{event.eta:.0f}") if event.eta and event.eta >= 1 else ""
            self.work.setText(
                self.tr("Engine: {stage} {done} of {total} {unit}{left}").format(
                    stage=from_engine(event.stage) or self.tr("working"),
                    done=f"{event.done:.0f}",
                    total=f"{event.total:.0f}",
                    unit=from_engine(event.unit),
                    left=left,
                )
            )

    def _doctor_said(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                facts = result.get("facts") or {}
                name = facts.get("tuning runs on") or ("CPU" if facts else self.tr("not known"))
                self.device.setText(self.tr("Device: {name}").format(name="CPU" if name == "cpu" else name))
                self.device.setToolTip("\n".join(f"{key}: {value}" for key, value in facts.items()))
                wrong = [item for item in result.get("problems") or [] if item.get("severity") == "error"]
                if wrong:
                    self.problem.emit(Notice(str(wrong[0]["message"]), str(wrong[0].get("fix", "")), "warning"))
            case JobFailed():
                self.device.setText(self.tr("Device: not known"))
