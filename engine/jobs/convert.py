"""Writes a dataset in another layout, whole or not at all; its own files stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import InputError
from engine.contract.events import Log
from engine.contract.jobs import Convert
from engine.data.config import DataConfig
from engine.data.report import inspect
from engine.data.writers import WRITERS
from engine.data.writers.base import whole_folder


def run(job: Convert, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"folder", "layout", "cases", "left_out", "notes"}`.

    Cases that cannot be used are left out, each told as a Log. Raises UnknownName, DatasetIncomplete where nothing is
    usable, InputError for an `out` that holds anything or lies within the dataset, DiskFull, Cancelled.
    """
    writer = WRITERS.get(job.to, field="to")()
    folder, out = Path(job.folder).expanduser(), Path(job.out).expanduser()
    if out.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{out} lies within the dataset itself.", hint="Choose a folder beside it.", field="out")
    values = {**job.settings, "folder": job.folder, "layout": job.layout}
    with whole_folder(out) as beside:  # before the long inspection: a folder that is taken is told at once
        report = inspect(build(DataConfig, values, path="data"), job.seed, emit, cancel, job_id=job_id)
        errors = [problem for problem in report.problems if problem.severity == "error"]
        for problem in errors:
            emit(Log(job_id, problem.line(), "warning"))
        report.require_usable()
        ticker = Ticker(emit, job_id, len(report.cases), "cases", "writing")

        def step() -> None:
            cancel.check()
            ticker.step()

        notes = writer.write(report, beside, step)
    for note in notes:
        emit(Log(job_id, note, "warning"))
    return {
        "folder": str(out),
        "layout": job.to,
        "cases": len(report.cases),
        "left_out": len(errors),
        "notes": notes,
    }
