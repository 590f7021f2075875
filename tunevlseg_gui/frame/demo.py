"""The demo: sample images are drawn where they are missing, then its set is opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import PrepareSamples
from engine.runs.folders import samples_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.translation import from_engine

DEMO_SET = "liver-ct"
"""The sample set that the demo opens: what it teaches can be asked of the sample volume."""
DEMO_VOLUME = "abdomen-ct-volume"


class Demo(QObject):
    progress = Signal(str)
    """How far the drawing is; empty once it is over."""
    failed = Signal(object)
    drawn = Signal(object)
    """The folder of the demo's set."""

    def __init__(self, client: EngineClient, parent: QObject) -> None:
        super().__init__(parent)
        self._client = client

    def begin(self) -> None:
        self.progress.emit(self.tr("Drawing the sample images…"))
        self._client.submit(PrepareSamples(str(samples_folder()), [DEMO_SET, DEMO_VOLUME]), self._heard)

    def _heard(self, event: Event) -> None:
        match event:
            case Progress(done=done, total=total, stage=stage):
                self.progress.emit(
                    self.tr("{stage}: {done} of {total}").format(
                        stage=from_engine(stage) or self.tr("Drawing the sample images"),
                        done=f"{done:.0f}",
                        total=f"{total:.0f}",
                    )
                )
            case JobFailed() as failure:
                self.progress.emit("")
                self.failed.emit(of_failure(failure))
            case JobCancelled():
                self.progress.emit("")
            case JobFinished(result=result):
                self.progress.emit("")
                sets = result.get("sets") or []
                if sets:
                    chosen = next((found for found in sets if found.get("id") == DEMO_SET), sets[0])
                    self.drawn.emit(Path(str(chosen["folder"])))
