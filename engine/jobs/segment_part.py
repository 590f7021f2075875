"""Some scans of a segmentation, done by a task of its cluster, just as one process does all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import BundleError, EngineError, InputError, WeightsMissing
from engine.contract.events import Event, Log
from engine.contract.jobs import Segment, SegmentPart
from engine.inference.cache import SegmentCache
from engine.inference.runtime import fallback_note
from engine.jobs.base_bundle import bundle_for
from engine.jobs.segment_batch import Batch
from engine.jobs.segment_names import ScanNames
from engine.jobs.segment_question import Question
from engine.jobs.segment_summary import BatchProgress


def run(
    job: SegmentPart, emit: Emit, cancel: CancelToken, job_id: str, cache: SegmentCache | None = None
) -> dict[str, Any]:
    """`outcomes`: `made`, `rows`, `worked` and `problem` (as a JobFailed has it, null for none) of each scan, in order;
    `said`: messages for a person with their levels; `provider`.

    Raises BundleError where this machine has other bytes of the bundle or none, InputError where it does not see the
    folder of the masks, DiskFull, Cancelled.
    """
    cache = cache or SegmentCache()
    names = {field.name for field in fields(Segment)}
    asked = Segment(**{name: value for name, value in job.asked.items() if name in names})
    plans = [plan_from(values) for values in job.plans]
    if job.token and not Path(job.token).is_file():
        raise InputError(
            f"A machine of the cluster does not see the folder of the masks: {Path(job.token).parent}.",
            hint="Scans and masks must lie in a folder that all machines share, under the same path.",
            field="out",
        )
    bundle = _same_bundle(job, emit, cancel, job_id)
    said: list[tuple[str, str]] = []

    def hear(event: Event) -> None:
        if isinstance(event, Log):
            said.append((event.message, event.level))
        emit(event)

    question = Question.of(asked, bundle, lambda _: None, job_id)  # whoever asks was told this already
    session = cache.session(bundle, question.device)
    fallback = fallback_note(question.device, session.provider)
    if fallback:
        hear(Log(job_id, fallback, "warning"))
    batch = Batch(question, session, cache, cancel, job_id, BatchProgress(hear, job_id, len(plans)))
    outcomes = []
    for plan in plans:
        cancel.check()
        outcome, problem = batch.tried(plan, hear)
        told = None if problem is None else failed_values(problem)
        outcomes.append({"made": outcome.made, "rows": outcome.rows, "worked": outcome.worked, "problem": told})
    return {"outcomes": outcomes, "said": said, "provider": batch.session.provider}


def _same_bundle(job: SegmentPart, emit: Emit, cancel: CancelToken, job_id: str) -> Bundle:
    """The bundle by its content: where whoever asks has it, else what this machine calls by that name."""
    reference = str(job.asked["bundle"])
    bundle = None
    for place in (job.bundle, reference):
        try:
            bundle = bundle_for(place, emit, cancel, job_id)
        except (BundleError, InputError, WeightsMissing):
            continue
        if bundle.sha256 == job.sha256:
            return bundle
    what = "has no" if bundle is None else "has another"
    raise BundleError(
        f"A machine of the cluster {what} bundle {Path(reference).name} (sha256 {job.sha256[:12]}…).",
        hint=f"Copy it to the same place on every machine ({job.bundle}), or into a folder that they share.",
        field="bundle",
    )


def failed_values(problem: EngineError) -> dict[str, Any]:
    """An error as plain values, for JobFailed."""
    return {
        "message": problem.message,
        "hint": problem.hint,
        "field": problem.field,
        "error": type(problem).__name__,
    }


def plan_values(plan: ScanNames) -> dict[str, Any]:
    """The names of a scan's files as plain values."""
    return {
        "scan": str(plan.scan),
        "stem": plan.stem,
        "masks": [_text(path) for path in plan.masks],
        "combined": _text(plan.combined),
        "shown": plan.shown,
        "series": plan.series,
        "measurements": _text(plan.measurements),
    }


def plan_from(values: Mapping[str, Any]) -> ScanNames:
    """The inverse of `plan_values`."""
    return ScanNames(
        Path(values["scan"]),
        values["stem"],
        tuple(_path(mask) for mask in values["masks"]),
        _path(values["combined"]),
        values["shown"],
        values["series"],
        _path(values["measurements"]),
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
