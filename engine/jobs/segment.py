"""Masks on the scans' own grids, from a bundle and phrases; needs ONNX Runtime, never torch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.bundle.reader import Bundle
from engine.bundle.verdict import verdict
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.events import Log
from engine.contract.jobs import Segment
from engine.contract.whole_file import check_folder
from engine.inference.cache import SegmentCache
from engine.inference.runtime import fallback_note
from engine.jobs.base_bundle import bundle_for
from engine.jobs.segment_account import Account
from engine.jobs.segment_batch import Batch
from engine.jobs.segment_flat import combine
from engine.jobs.segment_items import Found, find_items
from engine.jobs.segment_names import (
    ScanNames,
    is_mask_file,
    name_parts,
    plan_names,
    refuse_existing,
    unique,
)
from engine.jobs.segment_question import Question, check_alone
from engine.jobs.segment_summary import BatchProgress
from engine.volumes.writing import check_target

__all__ = ["SegmentCache", "combine", "run"]


def run(
    job: Segment, emit: Emit, cancel: CancelToken, job_id: str, cache: SegmentCache | None = None
) -> dict[str, Any]:
    """Every prompt on every scan. `cache` is kept by a worker between jobs.

    Result: `masks` (one entry a scan and prompt: scan, prompt, label, label_used, mask, voxels, ml, found, highest,
    `measurements` where they were asked for; `label_used`: whose learned words the phrase was asked with, null where
    labels share them), `combined` (files with several labels), `probabilities`, `failed` (scans of several that could
    not be segmented), `skipped` (scans whose masks were there already, as their receipts say; their masks are in
    `masks` with `was_done`), `summary` (files, where there are several scans), `left_out` (files of folders that are no
    scans), `provider`, `plane`, `threshold`, `bundle`, `notice`, `seconds`.
    Raises InputError, BundleError, WeightsMissing, Cancelled.
    """
    started = time.monotonic()
    cache = cache or SegmentCache()
    check_alone(job)
    if job.cluster:
        job = seen_from_anywhere(job)
    found = find_items(job, cancel)
    only = found.items[0]
    if job.save and len(found.items) == 1 and is_mask_file(Path(job.out)) and not Path(job.out).is_dir():
        # Before a model is made ready, and long before the mask is there.
        check_target(Path(job.out), cache.scan(only.scan, only.series))
    bundle = bundle_for(job.bundle, emit, cancel, job_id)
    question = Question.of(job, bundle, emit, job_id)
    plans = _plans(job, found, question.prompts)
    _warn(bundle, found, emit, job_id)
    _tell_unused(job, plans, emit, job_id)
    account = Account(job, question.writer, question.plane, plans)
    several = len(plans) > 1 or found.from_folder
    if job.cluster:
        from engine.jobs.segment_cluster import ClusterBatch

        provider = ClusterBatch(question, account, emit, cancel, job_id).go(several=several)
    else:
        provider = _here(question, account, cache, emit, cancel, job_id, several=several)
    result = account.result()
    result.update(
        left_out=found.skipped,
        provider=provider,
        plane=question.plane,
        threshold=bundle.manifest.threshold if job.threshold is None else job.threshold,
        bundle=bundle.name,
        notice=bundle.manifest.notice,
        seconds=round(time.monotonic() - started, 3),
    )
    return result


def _here(
    question: Question,
    account: Account,
    cache: SegmentCache,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
    *,
    several: bool,
) -> str:
    """The scans one after the other in this process; the provider that computed them."""
    session = cache.session(question.bundle, question.device)
    fallback = fallback_note(question.device, session.provider)
    if fallback:
        emit(Log(job_id, fallback, "warning"))
    progress = BatchProgress(emit, job_id, len(account.plans))
    batch = Batch(question, session, cache, cancel, job_id, progress)
    batch.go(account, emit, several=several)
    return batch.session.provider


def seen_from_anywhere(job: Segment) -> Segment:
    """With paths that mean the same in any folder."""
    return replace(
        job,
        scans=[str(Path(scan).absolute()) for scan in job.scans],
        out=str(Path(job.out).absolute()) if job.out else "",
        probabilities=str(Path(job.probabilities).absolute()) if job.probabilities else "",
    )


def _plans(job: Segment, found: Found, prompts: Sequence[str]) -> list[ScanNames]:
    if job.save:
        if not job.out:
            raise InputError("Nowhere to write the masks.", hint="Add --out FILE or --out FOLDER.", field="out")
        out = Path(job.out)
        if found.from_folder and is_mask_file(out) and not out.is_dir():
            raise InputError(f"{out} is one file, but a folder of scans was given.", hint="Give a folder.", field="out")
        plans = plan_names(found.items, prompts, out, format=job.format, measure=job.measure)
        check_folder(plans[0].mask_files[0].parent)  # all masks go there; told before hours of work
        if len(plans) == 1 and not job.overwrite:
            refuse_existing(plans[0])
        return plans
    parts = [name_parts(item.scan, item.series) for item in found.items]
    stems = unique([stem for stem, _, _ in parts])
    return [
        ScanNames(item.scan, stem, (None,) * len(prompts), None, shown, item.series)
        for item, stem, (_, _, shown) in zip(found.items, stems, parts, strict=True)
    ]


def _tell_unused(job: Segment, plans: Sequence[ScanNames], emit: Emit, job_id: str) -> None:
    if not job.save or any(path.suffix.lower() == ".dcm" for plan in plans for path in plan.mask_files):
        return
    if job.fractional or job.identity:
        what = "Probabilities" if job.fractional else "Patient and study"
        emit(Log(job_id, f"{what} go into DICOM SEG only, and no mask is written as one (--format .dcm).", "warning"))


def _warn(bundle: Bundle, found: Found, emit: Emit, job_id: str) -> None:
    for note in found.notes:
        emit(Log(job_id, note))
    if bundle.manifest.notice:
        notice = bundle.manifest.notice
        named = notice if notice.startswith(bundle.name) else f"{bundle.name}: {notice}"
        emit(Log(job_id, named, "warning"))
    if not bundle.manifest.parity.verified:
        emit(Log(job_id, f"{bundle.name} is {verdict(bundle.manifest)}.", "warning"))
