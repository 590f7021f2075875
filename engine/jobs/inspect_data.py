"""Opens every file of a dataset folder; the result is the report as plain values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit
from engine.contract.events import Log
from engine.contract.jobs import InspectData
from engine.data.config import DataConfig
from engine.data.dataset_file import write_dataset_file
from engine.data.problem import gathered
from engine.data.report import inspect
from engine.jobs.check_phrases import cut_by_starter
from engine.jobs.list_cases import emit_rows

_LEVELS = {"error": "error", "warning": "warning", "note": "info"}


def run(job: InspectData, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`DatasetReport.to_dict()`, with `written` where a dataset.yaml was asked for.

    Where nothing is usable: every problem as a Log, then DatasetIncomplete.
    """
    values = {**job.settings, "folder": job.folder, "layout": job.layout}
    values |= {key: given for key, given in (("labels", job.labels), ("split", job.split)) if given}
    report = inspect(
        build(DataConfig, values, path="data"),
        job.seed,
        emit,
        cancel,
        job_id=job_id,
        placed=job.placed,
    )
    report = replace(report, problems=gathered([*report.problems, *cut_by_starter(report.labels)]))
    if not report.usable:
        for problem in report.problems:
            emit(Log(job_id, problem.line(), _LEVELS[problem.severity]))
    report.require_usable()
    told = report.to_dict()
    if job.write:
        told["written"] = str(write_dataset_file(report, Path(job.write), overwrite=job.overwrite))
    if job.in_parts:
        emit_rows(told["cases"], emit, job_id)
        told["cases"] = len(told["cases"])
    return told
