"""A run or base model as a bundle, compared with torch before anyone relies on it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from engine.bundle.reader import Bundle
from engine.bundle.writer import check_target
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import DatasetIncomplete, InputError
from engine.contract.events import Log
from engine.contract.jobs import Export
from engine.runs import layout
from engine.runs.writer import best_epoch, read_metrics


def run(job: Export, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"bundle", "megabytes", "parity": {verified, dice, max_probability_difference, images, provider}}`."""
    source, out = Path(job.source), Path(job.out)
    check_target(out, overwrite=job.overwrite)  # before minutes of work
    if job.precision not in ("fp32", "fp16", "int8"):
        raise InputError(f"There is no precision {job.precision!r}.", hint="Choose fp32.", field="precision")
    precision: Any = job.precision
    emit(Log(job_id, "Loading the libraries and the model."))
    if layout.is_run(source):
        _export_run(source, out, job, emit, cancel, job_id)
    else:
        from engine.export.base_model import export_base
        from engine.models.weights import find_weights

        weights = find_weights(job.source)
        export_base(weights, out, emit, cancel, job_id=job_id, precision=precision, overwrite=job.overwrite)
    return {"bundle": str(out), "megabytes": _bytes(out) / 1e6, "parity": Bundle.open(out).manifest.parity.model_dump()}


def _export_run(folder: Path, out: Path, job: Export, emit: Emit, cancel: CancelToken, job_id: str) -> None:
    from engine.assemble import Listener, export_parts, inspect_for, make_split, run_network
    from engine.export import EXPORTERS
    from engine.jobs.run_data import CHANGED, intensity_of, labels_of, same_data, was_synthetic
    from engine.recipe import read_recipe

    best = best_epoch(folder)
    if best is None:
        raise InputError(f"{folder} has no finished epoch yet.", hint="Let the run go on for at least one epoch.")
    hear = Listener(emit, cancel, job_id)
    recipe = read_recipe(folder / layout.RECIPE)
    network = run_network(folder, recipe)
    labels, images = labels_of(folder), None
    try:
        report = inspect_for(recipe, hear)
    except DatasetIncomplete as error:
        if not labels:
            raise
        emit(Log(job_id, f"{error.message} The bundle is compared on drawn images instead.", "warning"))
        intensity, synthetic = intensity_of(folder), was_synthetic(folder)
    else:
        if not same_data(folder, report):
            emit(Log(job_id, CHANGED, "warning"))
        labels, intensity, synthetic = labels or report.labels, report.intensity, report.synthetic
        if report.slice_count("val"):
            images = make_split(network, report, "val", hear).images[:64].copy()
    row = next((row for row in read_metrics(folder) if row["epoch"] == best), {})
    scores = {name: value for name, value in row.items() if name.startswith("val_") and math.isfinite(value)}
    parts = export_parts(network, labels, intensity, images, scores, synthetic=synthetic)
    exporter = EXPORTERS.get("onnx")()
    precision: Any = job.precision
    exporter.write(network.tuned, parts, out, emit, cancel, job_id, precision=precision, overwrite=job.overwrite)


def _bytes(path: Path) -> int:
    return (
        path.stat().st_size
        if path.is_file()
        else sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    )
