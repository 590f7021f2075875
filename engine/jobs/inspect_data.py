"""Opens every file of a dataset folder; the result is the report as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit
from engine.contract.events import Log
from engine.contract.jobs import InspectData
from engine.data.config import DataConfig
from engine.data.report import inspect

_LEVELS = {"error": "error", "warning": "warning", "note": "info"}


def run(job: InspectData, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`DatasetReport.to_dict()`. Where nothing is usable: every problem as a Log, then DatasetIncomplete."""
    values = {"folder": job.folder, "layout": job.layout, "labels": job.labels, "split": job.split}
    config = build(DataConfig, values, path="data")
    report = inspect(
        config,
        job.seed,
        emit,
        cancel,
        job_id=job_id,
        thumbnails=Path(job.thumbnails) if job.thumbnails else None,
        max_thumbnails=job.max_thumbnails,
    )
    if not report.usable:
        for problem in report.problems:
            emit(Log(job_id, problem.line(), _LEVELS[problem.severity]))
    report.require_usable()
    return report.to_dict()
