"""A client whose answers come when the test says so, and a dataset that is open."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QObject

from engine.contract.control import CancelToken
from engine.contract.events import Event, JobFinished
from engine.contract.jobs import Describe
from engine.jobs import describe
from tunevlseg_gui.project import Project


class Later(QObject):
    """Keeps what it is asked; `answer` lets the listener of the last job of a kind hear."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Any, Any]] = []
        self.cancelled: list[str] = []

    def submit(self, job: object, hear: Any = None) -> str:
        self.asked.append((job, hear))
        return f"job-{len(self.asked)}"

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    def jobs(self, kind: type) -> list[Any]:
        return [job for job, _ in self.asked if isinstance(job, kind)]

    def answer(self, kind: type, event: Event) -> None:
        next(hear for job, hear in reversed(self.asked) if isinstance(job, kind))(event)

    def describe(self) -> None:
        """The real catalogue with the installed models."""
        self.answer(Describe, JobFinished("job", describe.run(Describe(), lambda event: None, CancelToken(), "job")))


@pytest.fixture
def later() -> Later:
    return Later()


REPORT = {
    "name": "polyps",
    "layout": "folder_pairs",
    "usable": True,
    "cases": 10,
    "splits": {"train": {"cases": 8}, "val": {"cases": 1}, "test": {"cases": 1}},
    "labels": [{"value": 1, "name": "polyp", "phrase": "polyp", "colour": "#E69F00", "cases": 10}],
    "problems": [
        {"kind": "unreadable", "severity": "error", "message": "images/a.png is empty.", "count": 1},
        {"kind": "near_duplicate", "severity": "warning", "message": "b.png and c.png look alike.", "count": 2},
        {"kind": "scan_note", "severity": "note", "message": "Three sizes.", "count": 1},
    ],
}


@pytest.fixture
def project(qapp: object, tmp_path: Any) -> Project:
    made = Project()
    made.open(tmp_path)
    made.take_report(REPORT)
    return made
