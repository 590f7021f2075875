"""A page with a client that keeps the jobs and lets the test say how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest

from engine.contract.control import CancelToken
from engine.contract.events import JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import Job, ListModels, OpenScan, Segment
from engine.jobs import open_scan
from engine.jobs.perform import run_job
from engine.volumes import view_export
from engine.volumes.geometry import Geometry
from engine.volumes.volume import Volume
from tunevlseg_gui.pages.segment.page import SegmentPage

NOTICE = "has never seen medical images: tune first"
SHAPE = (6, 20, 30)
"""Of `volume` below."""
LEFT = Qt.MouseButton.LeftButton
MODELS = {"models": [{"id": "starter", "title": "Starter", "notice": NOTICE}]}


class DeskClient(QObject):
    """Same methods as EngineClient. Scans are opened for real; everything else waits for the test."""

    event = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[tuple[str, Job]] = []
        self.cancelled: list[str] = []

    def submit(self, job: Job) -> str:
        job_id = f"job-{len(self.jobs)}"
        self.jobs.append((job_id, job))
        return job_id

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)
        self.event.emit(JobCancelled(job_id))

    def last(self, kind: type[Any]) -> tuple[str, Any]:
        return next((job_id, job) for job_id, job in reversed(self.jobs) if isinstance(job, kind))

    def count(self, kind: type[Any]) -> int:
        return sum(isinstance(job, kind) for _, job in self.jobs)

    def list_models(self) -> None:
        self.event.emit(JobFinished(self.last(ListModels)[0], MODELS))

    def open(self) -> None:
        job_id, job = self.last(OpenScan)
        self.event.emit(JobFinished(job_id, open_scan.run(job, self.event.emit, CancelToken(), job_id)))

    def answer(self, used: str | None = None, **levels: np.ndarray) -> None:
        """Ends the last question with these probabilities [z, y, x], in the order of the phrases; `used`: whose learned
        words."""
        job_id, job = self.last(Segment)
        folder = Path(job.probabilities)
        folder.mkdir(parents=True)
        written = []
        for name, values in levels.items():
            np.save(folder / f"{name}.npy", values)
            written.append({"scan": job.scans[0], "prompt": name, "path": str(folder / f"{name}.npy")})
        masks = [{"prompt": name, "label_used": used} for name in levels]
        result = {"probabilities": written, "masks": masks, "provider": "CPUExecutionProvider", "seconds": 1.25}
        self.event.emit(JobFinished(job_id, result))

    def do(self, kind: type[Any]) -> None:
        """Runs the last job of this kind for real, here."""
        job_id, job = self.last(kind)
        self.event.emit(JobFinished(job_id, run_job(job, self.event.emit, CancelToken(), job_id)))

    def fail(self, kind: type[Any], message: str, hint: str = "", error: str = "ScanUnreadable") -> None:
        self.event.emit(JobFailed(self.last(kind)[0], message, hint, error=error))


def block(level: int, columns: slice = slice(8, 22)) -> np.ndarray:
    levels = np.zeros(SHAPE, np.uint8)
    levels[2:4, 5:15, columns] = level
    return levels


def ask(page: SegmentPage, *phrases: str) -> None:
    edit = page.side.prompt_edit
    edit.clear()
    for number, phrase in enumerate(phrases):
        if number:
            QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        QTest.keyClicks(edit, phrase)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def answered(page: SegmentPage, qtbot: Any, count: int = 1) -> list[Any]:
    qtbot.waitUntil(lambda: len(page.viewer.state.layers) == count)
    return page.viewer.state.layers


def child(page: SegmentPage, kind: type[Any], name: str) -> Any:
    found = page.findChild(kind, name)
    assert found is not None, name
    return found


@pytest.fixture
def desk(qapp: object) -> DeskClient:
    return DeskClient()


@pytest.fixture
def page(qtbot: Any, desk: DeskClient) -> SegmentPage:
    made = SegmentPage(desk)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    qtbot.waitExposed(made)
    desk.list_models()
    qtbot.waitUntil(lambda: made.side.model is not None)
    return made


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """24 × 40 pixels, colour."""
    path = tmp_path / "photo.png"
    Image.fromarray(np.full((24, 40, 3), 90, np.uint8)).save(path)
    return path


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """6 slices of 20 × 30 voxels, values -1000…; `open_scan` gives it without needing a file format."""
    voxels = np.full((6, 20, 30), -1000, np.int16)
    voxels[:, 5:15, 8:22] = 40
    made = Volume(voxels, Geometry((1.0, 1.0, 4.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)))
    path = tmp_path / "head.nii.gz"
    path.write_bytes(b"stands for a scan")
    monkeypatch.setattr(view_export, "read_scan", lambda _path, _series="", shown=None: made)
    return path


@pytest.fixture
def opened(page: SegmentPage, desk: DeskClient, volume: Path, qtbot: Any) -> SegmentPage:
    page.open_scan(volume)
    desk.open()
    qtbot.waitUntil(lambda: page.controller.scan is not None)
    return page
