"""Masks on the scans' own grids, from a bundle and phrases; needs ONNX Runtime, never torch."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, InputError, UnknownName
from engine.contract.events import Log
from engine.contract.jobs import Segment
from engine.contract.whole_file import write_text, write_whole
from engine.inference.cache import SegmentCache, scan_key
from engine.inference.segment import Answer, Segmentation, check_label, segment
from engine.inference.session import BundleSession
from engine.jobs.base_bundle import bundle_for
from engine.jobs.segment_names import ScanNames, is_mask_file, name_parts, plan_names, unique
from engine.jobs.segment_names import slug as slug_of
from engine.volumes.slicing import Plane
from engine.volumes.volume import Volume
from engine.volumes.writing import check_target, write_mask

__all__ = ["SegmentCache", "run"]


def run(
    job: Segment, emit: Emit, cancel: CancelToken, job_id: str, cache: SegmentCache | None = None
) -> dict[str, Any]:
    """Every prompt on every scan. `cache` is kept by a worker between jobs.

    Result: `masks` (one entry a scan and prompt: scan, prompt, label, label_used, mask, voxels, ml, found, highest;
    `label_used`: whose learned words the phrase was asked with, null where labels share them), `combined`
    (files with several labels), `probabilities`, `failed` (scans of several that could not be segmented), `provider`,
    `plane`, `threshold`, `bundle`, `notice`, `seconds`. Raises InputError, BundleError, WeightsMissing, Cancelled.
    """
    started = time.monotonic()
    cache = cache or SegmentCache()
    plane = _plane(job.axis)
    scans = _scans(job)
    if job.save and len(scans) == 1 and is_mask_file(Path(job.out)) and not Path(job.out).is_dir():
        # Before a model is made ready, and long before the mask is there.
        check_target(Path(job.out), cache.scan(scans[0], job.series))
    bundle = bundle_for(job.bundle, emit, cancel, job_id)
    prompts = _prompts(job, bundle)
    check_label(bundle.manifest, job.label)
    plans = _plans(job, scans, prompts)
    _warn(bundle, emit, job_id)

    session = cache.session(bundle)
    result: dict[str, Any] = {"masks": [], "combined": [], "probabilities": [], "failed": []}
    problems: list[EngineError] = []
    for plan in plans:
        cancel.check()
        try:
            found, volume = _segment_one(plan, prompts, session, cache, plane, job, emit, cancel, job_id)
        except Cancelled:
            raise
        except InputError as error:
            if len(plans) == 1:
                raise
            # One bad scan of a hundred does not cost the other ninety-nine.
            problems.append(error)
            result["failed"].append({"scan": str(plan.scan), "message": error.message, "hint": error.hint})
            emit(Log(job_id, str(error), "error"))
            continue
        _write(plan, found, volume, job, result, emit, job_id)
    if problems and len(problems) == len(plans):
        raise problems[0]
    result.update(
        provider=session.provider,
        plane=plane,
        threshold=bundle.manifest.threshold if job.threshold is None else job.threshold,
        bundle=bundle.name,
        notice=bundle.manifest.notice,
        seconds=round(time.monotonic() - started, 3),
    )
    return result


def _plane(axis: str) -> Plane:
    planes: tuple[Plane, ...] = get_args(Plane)
    for plane in planes:
        if plane == axis:
            return plane
    raise UnknownName(f"There is no axis {axis!r}.", hint=f"Known: {', '.join(planes)}.", field="axis")


def _scans(job: Segment) -> list[Path]:
    if not job.scans:
        raise InputError("No scan was given.", hint="Name at least one picture or volume.", field="scans")
    scans = list(dict.fromkeys(Path(scan) for scan in job.scans))
    for scan in scans:
        if not scan.exists():
            raise InputError(f"{scan} does not exist.", hint="Check the path of the scan.", field="scans")
    if job.series and len(scans) > 1:
        raise InputError(
            "A series was chosen, but there are several scans.", hint="Give one DICOM folder or file.", field="series"
        )
    return scans


def _prompts(job: Segment, bundle: Bundle) -> list[str]:
    prompts = list(dict.fromkeys(" ".join(prompt.split()) for prompt in job.prompts))
    if any(not prompt for prompt in prompts):
        raise InputError("A phrase is empty.", hint="Type what to look for, such as 'polyp'.", field="prompts")
    prompts = prompts or [label.name for label in bundle.manifest.labels]
    if not prompts:
        raise InputError(
            f"{bundle.name} has no labels of its own, so it must be told what to look for.",
            hint='Add a phrase: --prompt "polyp".',
            field="prompts",
        )
    return prompts


def _plans(job: Segment, scans: Sequence[Path], prompts: Sequence[str]) -> list[ScanNames]:
    if job.save:
        if not job.out:
            raise InputError("Nowhere to write the masks.", hint="Add --out FILE or --out FOLDER.", field="out")
        return plan_names(scans, prompts, Path(job.out), overwrite=job.overwrite, series=job.series)
    parts = [name_parts(scan, job.series) for scan in scans]
    stems = unique([stem for stem, _, _ in parts])
    return [
        ScanNames(scan, stem, (None,) * len(prompts), None, shown)
        for scan, stem, (_, _, shown) in zip(scans, stems, parts, strict=True)
    ]


def _warn(bundle: Bundle, emit: Emit, job_id: str) -> None:
    if bundle.manifest.notice:
        emit(Log(job_id, f"{bundle.name}: {bundle.manifest.notice}", "warning"))
    if not bundle.manifest.parity.verified:
        emit(Log(job_id, f"{bundle.name}: its graphs were not verified against the network they come from.", "warning"))


def _segment_one(
    plan: ScanNames,
    prompts: Sequence[str],
    session: BundleSession,
    cache: SegmentCache,
    plane: Plane,
    job: Segment,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
) -> tuple[Segmentation, Volume]:
    volume = cache.scan(plan.scan, job.series)
    for path in (*plan.masks, plan.combined):
        if path is not None:
            check_target(path, volume)
    for note in volume.notes:
        emit(Log(job_id, f"{plan.shown}: {note}"))
    key = (session.bundle.sha256, session.device, *scan_key(plan.scan, job.series))
    found = segment(
        volume,
        session,
        prompts,
        plane,
        job.threshold,
        emit,
        cancel,
        job_id,
        store=cache.encodings,
        key=key,
        label=job.label,
    )
    return found, volume


def _write(
    plan: ScanNames,
    found: Segmentation,
    volume: Volume,
    job: Segment,
    result: dict[str, Any],
    emit: Emit,
    job_id: str,
) -> None:
    if found.note:
        emit(Log(job_id, f"{plan.shown}: {found.note}"))
    for answer, path in zip(found.answers, plan.masks, strict=True):
        if path is not None:
            # A picture of ones looks black in every viewer; 0 and 255 are read as one label again.
            write_mask(answer.mask.astype(np.uint8) * (255 if volume.is_picture else 1), path, like=volume)
        result["masks"].append(_entry(plan, answer, path))
        _tell(plan, answer, emit, job_id)
    if plan.combined is not None and plan.legend is not None:
        labels, legend = combine(found.answers)
        write_mask(labels, plan.combined, like=volume)
        text = json.dumps({"scan": plan.shown, **legend}, indent=2, ensure_ascii=False)
        write_text(plan.legend, text + "\n")
        overlap = legend["overlapping_voxels"]
        result["combined"].append(
            {
                "scan": str(plan.scan),
                "mask": str(plan.combined),
                "legend": str(plan.legend),
                "overlapping_voxels": overlap,
            }
        )
        if overlap:
            emit(
                Log(
                    job_id,
                    f"{plan.shown}: {overlap:,} voxels belong to several phrases; the likelier one has them.",
                )
            )
    if job.probabilities:
        folder = Path(job.probabilities)
        slugs = unique([slug_of(answer.asked) for answer in found.answers])
        for answer, name in zip(found.answers, slugs, strict=True):
            path = write_array(folder / f"{plan.stem}_{name}.npy", answer.levels)
            result["probabilities"].append({"scan": str(plan.scan), "prompt": answer.asked, "path": str(path)})


def _entry(plan: ScanNames, answer: Answer, path: Path | None) -> dict[str, Any]:
    return {
        "scan": str(plan.scan),
        "prompt": answer.asked,
        "phrase": answer.phrase,
        "label": answer.label.value if answer.label else None,
        "label_used": answer.label_used,
        "mask": None if path is None else str(path),
        "voxels": answer.voxels,
        "ml": answer.volume_ml,
        "found": answer.found,
        "highest": round(answer.highest, 4),
    }


def _tell(plan: ScanNames, answer: Answer, emit: Emit, job_id: str) -> None:
    if answer.cut:
        emit(Log(job_id, f"The phrase {answer.phrase!r} is too long; not read: {answer.cut}.", "warning"))
    if not answer.found:
        emit(
            Log(
                job_id,
                f"{plan.shown}: {answer.asked!r} was not found"
                f" (highest probability {answer.highest:.2f}, threshold {answer.threshold:.2f}).",
                "warning",
            )
        )


def combine(answers: Sequence[Answer]) -> tuple[NDArray[np.unsignedinteger[Any]], dict[str, Any]]:
    """One mask [z, y, x] with a value a phrase, and its legend.

    A bundle's labels keep their values, free phrases take the next ones. Where phrases overlap, the likelier one has
    the voxel, the earlier one where they are equal; the legend counts such voxels.
    """
    taken = {answer.label.value for answer in answers if answer.label}
    free = (value for value in range(1, 65536) if value not in taken)
    values = [answer.label.value if answer.label else next(free) for answer in answers]
    labels = np.zeros(answers[0].levels.shape, dtype=np.uint8 if max(values) < 256 else np.uint16)
    best = np.zeros(labels.shape, dtype=np.uint8)
    overlap = np.zeros(labels.shape, dtype=bool)
    for answer, value in zip(answers, values, strict=True):
        mask = answer.mask
        overlap |= mask & (labels > 0)
        wins = mask & (answer.levels > best)
        labels[wins] = value
        best[wins] = answer.levels[wins]
    legend = {
        "labels": [
            {
                "value": value,
                "name": answer.label.name if answer.label else answer.asked,
                "phrase": answer.phrase,
                "colour": answer.label.colour if answer.label else None,
                "voxels": int(np.count_nonzero(labels == value)),
            }
            for answer, value in zip(answers, values, strict=True)
        ],
        "overlapping_voxels": int(np.count_nonzero(overlap)),
    }
    return labels, legend


def write_array(path: Path, values: NDArray[Any]) -> Path:
    """`values` as .npy, whole or not at all; raises DiskFull or InputError."""
    return write_whole(path, lambda beside: np.save(beside, np.ascontiguousarray(values), allow_pickle=False))
