"""A run or base model as bundles, compared with torch before anyone relies on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import Precision
from engine.bundle.presence import Presence, in_words
from engine.bundle.reader import Bundle
from engine.bundle.storage import SUFFIX
from engine.bundle.verdict import reports_of, verdict
from engine.bundle.writer import check_target
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import DatasetIncomplete, InputError
from engine.contract.events import Log
from engine.contract.jobs import Export
from engine.runs import layout
from engine.runs.writer import best_epoch, read_metrics

if TYPE_CHECKING:
    from engine.assemble import Listener, Network
    from engine.data.findings import DatasetReport

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
MOST_COMPARED, MOST_CALIBRATED = 64, 24


def run(job: Export, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"bundle", "precision", "precision_note", "megabytes", "verdict", "parity", "parity_reports"}` of the first
    bundle, and the same of each in `bundles`. Parities as in bundle.yaml.
    """
    source = Path(job.source)
    outs = outs_of(job)
    for out in outs.values():
        check_target(out, overwrite=job.overwrite)  # before minutes of work
    is_run = layout.is_run(source)
    if job.calibrate and "int8" not in outs:
        raise InputError(
            "Only int8 has ranges to calibrate.", hint="Add int8 to the precisions, or leave --calibrate out.",
            field="calibrate",
        )  # fmt: skip
    if job.calibrate and not is_run:
        raise InputError(
            f"{job.source} is a base model: it has no images of its own to calibrate on.",
            hint="Export a run, or leave --calibrate out.",
            field="calibrate",
        )
    emit(Log(job_id, "Loading the libraries and the model."))
    if is_run:
        _export_run(source, outs, job, emit, cancel, job_id)
    else:
        from engine.export.base_model import export_base
        from engine.models.weights import find_weights

        export_base(find_weights(job.source), outs, emit, cancel, job_id=job_id, overwrite=job.overwrite)
    bundles = [_told(out) for out in outs.values()]
    return {**bundles[0], "bundles": bundles}


def outs_of(job: Export) -> dict[Precision, Path]:
    """Where the bundle of each precision goes: `out` itself, or NAME-fp16 … where there are several.

    Raises InputError for a precision that there is not.
    """
    asked = list(dict.fromkeys(part.strip() for part in job.precision.split(",")))
    chosen = [precision for precision in PRECISIONS if precision in asked]
    strange = [part for part in asked if part not in PRECISIONS]
    if strange:
        raise InputError(
            f"There is no precision {strange[0]!r}.",
            hint=f"Choose {', '.join(PRECISIONS)}, or several with commas between.",
            field="precision",
        )
    out = Path(job.out)
    if len(chosen) == 1:
        return {chosen[0]: out}
    suffix = out.suffix if out.suffix.lower() == SUFFIX else ""
    stem = out.name.removesuffix(suffix)
    return {precision: out.with_name(f"{stem}-{precision}{suffix}") for precision in chosen}


def _export_run(
    folder: Path, outs: Mapping[Precision, Path], job: Export, emit: Emit, cancel: CancelToken, job_id: str
) -> None:
    from engine.assemble import Listener, export_parts, inspect_for, make_split, run_network
    from engine.export import EXPORTERS
    from engine.jobs.run_data import CHANGED, intensity_of, labels_of, presence_of_run, same_data, was_synthetic
    from engine.recipe import read_recipe

    best = best_epoch(folder)
    if best is None:
        raise InputError(f"{folder} has no finished epoch yet.", hint="Let the run go on for at least one epoch.")
    hear = Listener(emit, cancel, job_id)
    recipe = read_recipe(folder / layout.RECIPE)
    network = run_network(folder, recipe)
    labels, images, calibration, presence = labels_of(folder), None, None, presence_of_run(folder)
    try:
        report = inspect_for(recipe, hear)
    except DatasetIncomplete as error:
        if not labels or job.calibrate:
            raise
        emit(Log(job_id, f"{error.message} The bundle is compared on drawn images only.", "warning"))
        intensity, synthetic = intensity_of(folder), was_synthetic(folder)
    else:
        if not same_data(folder, report):
            emit(Log(job_id, CHANGED, "warning"))
        labels, intensity, synthetic = labels or report.labels, report.intensity, report.synthetic
        if report.slice_count("val"):
            images, presence = judged_on_val(network, report, hear)
        if job.calibrate:
            # Those that were learned from: the verdict is then on images that set no range.
            split = "train" if report.slice_count("train") else "val"
            learned = make_split(network, report, split, hear)
            calibration = learned.images[evenly(len(learned), MOST_CALIBRATED)]
    row = next((row for row in read_metrics(folder) if row["epoch"] == best), {})
    scores = {name: value for name, value in row.items() if name.startswith("val_") and math.isfinite(value)}
    parts = export_parts(network, labels, intensity, images, scores, synthetic=synthetic, calibration=calibration)
    parts = replace(parts, manifest=parts.manifest.model_copy(update={"presence": presence}))
    emit(Log(job_id, in_words(presence)))
    exporter = EXPORTERS.get("onnx")()
    exporter.write(network.tuned, parts, outs, emit, cancel, job_id, overwrite=job.overwrite)


def judged_on_val(network: Network, report: DatasetReport, hear: Listener) -> tuple[NDArray[np.uint8], Presence | None]:
    """Validation images [n, S, S, 3] at model size, at most 64 of them, and the rule for not found that they give."""
    from engine.assemble import make_split
    from engine.export.presence import presence_of

    val = make_split(network, report, "val", hear)
    rows = evenly(len(val), MOST_COMPARED)
    ask = network.answer(report, val, own_texts=False)
    return val.images[rows], presence_of(ask, val.images[rows], val.masks[rows], val.present[rows], hear.cancel)


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """Places of at most so many of `count` images, taken evenly: neighbours in a scan look alike."""
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).round().astype(np.int64)


def _told(out: Path) -> dict[str, Any]:
    manifest = Bundle.open(out).manifest
    return {
        "bundle": str(out),
        "precision": manifest.precision,
        "precision_note": manifest.precision_note,
        "megabytes": _bytes(out) / 1e6,
        "verdict": verdict(manifest),
        "parity": manifest.parity.model_dump(),
        "parity_reports": [report.model_dump() for report in reports_of(manifest)],
    }


def _bytes(path: Path) -> int:
    return (
        path.stat().st_size
        if path.is_file()
        else sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    )
