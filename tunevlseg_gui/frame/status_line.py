"""The status bar: what tuning runs on, what the engine does, and what the program is for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QLabel, QStatusBar

from engine.contract.events import Event, JobFailed, JobFinished, Progress
from engine.contract.jobs import Doctor
from engine.contract.notices import RESEARCH_ONLY
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice


class StatusLine(QObject):
    """Fills `bar`, and keeps to what `client` says."""

    problem = Signal(object)
    """The notice of something that keeps the program from tuning here."""

    def __init__(self, bar: QStatusBar, client: EngineClient) -> None:
        super().__init__(bar)
        self._client = client
        self.device = QLabel("Device: looking…")
        self.device.setObjectName("statusDevice")
        self.work = QLabel("")
        self.work.setObjectName("statusWork")
        only = QLabel("Research use only")
        only.setObjectName("statusResearch")
        only.setToolTip(RESEARCH_ONLY)
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
        words = {
            "starting": "Engine: starting…",
            "busy": "Engine: working…",
            "lost": "Engine: restarts on the next job",
        }
        self.work.setText(words.get(state, ""))

    @Slot(object)
    def _progressed(self, event: Event) -> None:
        if isinstance(event, Progress) and event.total:
            left = f", {event.eta:.0f} s left" if event.eta and event.eta >= 1 else ""
            self.work.setText(
                f"Engine: {event.stage or 'working'} {event.done:.0f} of {event.total:.0f} {event.unit}{left}"
            )

    def _doctor_said(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                facts = result.get("facts") or {}
                name = facts.get("tuning runs on") or ("CPU" if facts else "not known")
                self.device.setText(f"Device: {'CPU' if name == 'cpu' else name}")
                self.device.setToolTip("\n".join(f"{key}: {value}" for key, value in facts.items()))
                wrong = [item for item in result.get("problems") or [] if item.get("severity") == "error"]
                if wrong:
                    self.problem.emit(Notice(str(wrong[0]["message"]), str(wrong[0].get("fix", "")), "warning"))
            case JobFailed():
                self.device.setText("Device: not known")
