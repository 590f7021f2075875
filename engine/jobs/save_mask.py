"""Masks as a hand left them → a file on the scan's own grid, whose receipt says that they were edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import engine
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, OutOfRange
from engine.contract.events import Log
from engine.contract.jobs import SaveMask
from engine.contract.whole_file import write_text
from engine.jobs.base_bundle import bundle_for
from engine.jobs.given_masks import check_names, given_mask
from engine.jobs.receipts import PROGRAM, AskedMask, Kind, Receipt, UsedBundle, UsedScan, content_of, used_bundle
from engine.jobs.segment_names import already_there, name_parts, stem_of
from engine.volumes.reading import read_scan
from engine.volumes.segments import COLOURS, NamedMask, Saving, flatten, mask_sha256
from engine.volumes.terminology import term_of
from engine.volumes.volume import Volume
from engine.volumes.writing import check_segments, check_target, holds_segments, write_mask, write_segments


def run(job: SaveMask, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """Raises InputError (nothing to save, a file that is there, a name that no mask has), GridMismatch, DiskFull,
    ScanUnreadable, Cancelled.
    """
    out = Path(job.out)
    _check(job, out)
    scan = read_scan(Path(job.scan), job.series)
    saving = _saving(job)
    (check_segments(out, scan, saving) if holds_segments(out) else check_target(out, scan))
    masks = [given_mask(Path(path), scan) for path in job.masks]
    cancel.check()
    bundle = _bundle(job, emit, cancel, job_id)
    values = list(range(1, len(masks) + 1))
    result: dict[str, Any] = {
        "scan": job.scan,
        "mask": str(out),
        "legend": None,
        "masks": [_row(job, prompt, mask, scan) for prompt, mask in zip(job.prompts, masks, strict=True)],
        "overlapping_voxels": 0,
    }
    cancel.check()
    if holds_segments(out):
        receipt = _receipt(job, bundle, scan, masks, values, "segments")
        _write_segments(job, out, masks, scan, receipt, emit, job_id)
    elif len(masks) == 1:
        labels = masks[0].astype(np.uint8) * (255 if scan.is_picture else 1)
        write_mask(labels, out, scan, _receipt(job, bundle, scan, masks, [1], "mask").text())
    else:
        flat, overlapping = flatten(masks, values)
        receipt = _receipt(job, bundle, scan, masks, values, "labels", flat)
        write_mask(flat, out, scan, receipt.text())
        result["legend"] = str(_write_legend(job, out, flat, overlapping))
        result["overlapping_voxels"] = overlapping
        if overlapping:
            emit(Log(job_id, f"{overlapping:,} voxels belong to several phrases; the one that comes first has them.",
                     "warning"))  # fmt: skip
    return result


def _check(job: SaveMask, out: Path) -> None:
    check_names(job.masks, job.prompts)
    if job.identity not in ("", "keep", "deidentify"):
        raise OutOfRange(
            f"identity: {job.identity!r} is not known.", hint="Choose keep or deidentify.", field="identity"
        )
    if out.exists() and not job.overwrite:
        raise already_there(out)


def _bundle(job: SaveMask, emit: Emit, cancel: CancelToken, job_id: str) -> UsedBundle:
    """A model that is gone is no reason to lose the work of a hand: the receipt then leaves it open."""
    try:
        if job.bundle:
            return used_bundle(bundle_for(job.bundle, emit, cancel, job_id))
    except Cancelled:
        raise
    except EngineError as error:
        emit(Log(job_id, f"The receipt does not name the model: {error.message}", "warning"))
    return UsedBundle(name="", sha256="")


def _row(job: SaveMask, prompt: str, mask: NDArray[np.bool_], scan: Volume) -> dict[str, Any]:
    voxels = int(np.count_nonzero(mask))
    millilitres = None if scan.geometry is None else voxels * scan.geometry.voxel_ml
    return {"prompt": prompt, "voxels": voxels, "ml": millilitres, "edited": prompt in job.edited}


def _receipt(
    job: SaveMask,
    bundle: UsedBundle,
    scan: Volume,
    masks: Sequence[NDArray[np.bool_]],
    values: Sequence[int],
    kind: Kind,
    labels: NDArray[Any] | None = None,
) -> Receipt:
    return Receipt(
        program=PROGRAM,
        bundle=bundle,
        scan=UsedScan(sha256=content_of(scan), shape_zyx=scan.shape_zyx, format=scan.format),
        plane=job.axis,
        label=job.label,
        overlap="first",
        file=kind,
        masks=[
            AskedMask(
                prompt=prompt,
                phrase=prompt,
                value=value,
                threshold=job.threshold,
                voxels=int(np.count_nonzero(mask)),
                sha256=mask_sha256(mask),
            )
            for prompt, value, mask in zip(job.prompts, values, masks, strict=True)
        ],
        labels_sha256="" if labels is None else mask_sha256(labels),
        saved_as=job.identity if kind == "segments" else "",
        # Nothing of a Segment job made this file: it cannot be computed again, even where no voxel was turned over.
        edited=[prompt for prompt in job.prompts if prompt in job.edited] or list(job.prompts),
    )


def _saving(job: SaveMask, receipt: str = "") -> Saving:
    about = dict.fromkeys(job.edited, "Edited by hand.")
    identity = job.identity
    return Saving(
        receipt=receipt,
        program="TuneVLSeg, edited by hand",
        version=engine.__version__,
        identity="keep" if identity == "keep" else "deidentify" if identity else "",
        about=about,
        by_hand=frozenset(job.edited),
    )


def _write_segments(
    job: SaveMask,
    out: Path,
    masks: Sequence[NDArray[np.bool_]],
    scan: Volume,
    receipt: Receipt,
    emit: Emit,
    job_id: str,
) -> None:
    named = [
        NamedMask(
            prompt, value, mask, job.colours.get(prompt, COLOURS[(value - 1) % len(COLOURS)]), term_of(prompt, None)
        )
        for value, (prompt, mask) in enumerate(zip(job.prompts, masks, strict=True), 1)
    ]
    if out.suffix.lower() == ".dcm" and job.identity == "keep":
        emit(Log(job_id, "The DICOM SEG carries patient and study of its series.", "warning"))
    write_segments(named, out, scan, _saving(job, receipt.text()))


def _write_legend(job: SaveMask, out: Path, flat: NDArray[Any], overlapping: int) -> Path:
    _, _, shown = name_parts(Path(job.scan), job.series)
    legend = {
        "scan": shown,
        "labels": [
            {
                "value": value,
                "name": prompt,
                "phrase": prompt,
                "colour": job.colours.get(prompt),
                "voxels": int(np.count_nonzero(flat == value)),
                "edited": prompt in job.edited,
            }
            for value, prompt in enumerate(job.prompts, 1)
        ],
        "overlap": {"rule": "first", "meaning": "the phrase that comes first has the voxel", "priority": job.prompts},
        "overlapping_voxels": overlapping,
    }
    path = out.with_name(stem_of(out) + ".json")
    return write_text(path, json.dumps(legend, indent=2, ensure_ascii=False) + "\n")
