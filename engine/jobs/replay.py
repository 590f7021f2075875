"""Makes a mask again from its receipt, and says whether it is the same, voxel by voxel; if not, why that may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle.reader import Bundle, is_bundle
from engine.bundle.storage import SUFFIX
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, InputError, OutOfRange, RecipeError
from engine.contract.events import Log
from engine.contract.jobs import Replay
from engine.inference.answer import Answer
from engine.inference.axis import known_axis
from engine.inference.cache import SegmentCache
from engine.inference.refine import Refinement
from engine.inference.segment import check_presence, segment
from engine.jobs.base_bundle import bundle_for
from engine.jobs.receipts import (
    Receipt,
    answer_in_file,
    content_of,
    is_unchanged,
    present_versions,
    receipt_of,
    stored_arrays,
)
from engine.jobs.segment_flat import combine
from engine.runs.folders import cache_folder, models_folder, resources, runs_folder
from engine.volumes.formats.base import format_name, mask_format
from engine.volumes.reading import list_series, read_scan
from engine.volumes.stored_receipts import receipt_beside
from engine.volumes.volume import Volume

_MOST_LOOKED_AT: Final = 200


def run(job: Replay, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """Result: `equal` (same scan, same bundle, and not a voxel differs), `masks` (prompt, dice, differing_voxels),
    `reasons` (in words, empty where equal), `receipt`. For a mask that was edited by hand also `edited` (prompts) and
    `unchanged`; then nothing is computed, `equal` is false and `masks` is empty.

    Raises InputError: no receipt, a damaged or changed one, no scan or bundle found; BundleError, Cancelled.
    """
    mask = Path(job.mask)
    receipt = _receipt(mask)
    for warning in _told_of(receipt):
        emit(Log(job_id, warning, "warning"))
    if receipt.edited:
        return _edited(job, receipt, mask, emit, cancel, job_id)
    bundle = _bundle(job, receipt, mask, emit, cancel, job_id)
    scan = _scan(job, receipt, mask, emit, cancel, job_id)
    reasons = _reasons(receipt, bundle, scan)
    stored = stored_arrays(mask, receipt, scan.geometry) if scan.shape_zyx == receipt.scan.shape_zyx else None
    if stored is None:
        raise InputError(
            f"{mask.name} does not lie on the grid of the scan.",
            hint="Give the scan that it was made on: --scan FILE.",
            field="scan",
        )
    if not is_unchanged(stored, receipt):
        reasons.append("The mask was changed after it was made (edited, or saved by another program).")
    cancel.check()
    again = _again(receipt, bundle, scan, emit, cancel, job_id)
    masks = list(_compared(receipt, stored, again))
    differing = sum(entry["differing_voxels"] for entry in masks)
    if differing and not reasons:
        reasons.append(_why(receipt))
    equal = not differing and not reasons
    return {"mask": str(mask), "equal": equal, "masks": masks, "reasons": reasons, "receipt": receipt.model_dump()}


def _edited(job: Replay, receipt: Receipt, mask: Path, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """What a hand drew cannot be computed: only whether it is as it was saved."""
    scan = _scan(job, receipt, mask, emit, cancel, job_id)
    unchanged = is_unchanged(stored_arrays(mask, receipt, scan.geometry), receipt)
    state = "as it was saved" if unchanged else "another than was saved: it was changed since"
    return {
        "mask": str(mask),
        "equal": False,
        "edited": receipt.edited,
        "unchanged": unchanged,
        "masks": [],
        "reasons": [f"Edited by hand ({', '.join(receipt.edited)}): it cannot be computed again. The mask is {state}."],
        "receipt": receipt.model_dump(),
    }


def _receipt(mask: Path) -> Receipt:
    if not mask.is_file():
        raise InputError(f"{mask} does not exist.", hint="Check the path of the mask.", field="mask")
    if mask_format(mask) is None:
        raise InputError(f"{mask} is of a kind that no mask has.", hint="Give a mask that `tunevlseg segment` wrote.")
    receipt = receipt_of(mask)
    if receipt is None:
        raise InputError(
            f"{mask} has no receipt: it does not say how it was made.",
            hint=f"Masks of NIfTI, MetaImage and PNG have it beside them, as {receipt_beside(mask).name}. "
            "Was that file left behind?",
        )
    try:
        if receipt.plane or not receipt.edited:  # of an edited mask it may not be known
            known_axis(receipt.plane)
        Refinement.of(receipt.settings)
        check_presence(_presence(receipt))
    except RecipeError:
        raise InputError(
            f"The receipt of {mask.name} names a plane or setting that is not known.", hint="Update TuneVLSeg."
        ) from None
    return receipt


def _presence(receipt: Receipt) -> float | None:
    stated = receipt.settings.get("presence")
    if isinstance(stated, str):
        raise OutOfRange(f"presence: {stated[:40]!r} is no number.", field="presence")
    return None if stated is None else float(stated)


def _told_of(receipt: Receipt) -> list[str]:
    now = present_versions()
    changed = [f"{name} {was} (now {now.get(name, 'not there')})" for name, was in receipt.versions.items()
               if now.get(name) != was]  # fmt: skip
    return [f"The mask was made with other versions: {', '.join(changed)}."] if changed else []


def _why(receipt: Receipt) -> str:
    if _told_of(receipt):
        return "Other versions of the libraries may round differently (see the warning)."
    return f"It was made on {receipt.provider or 'another device'}; another processor or device may round differently."


def _reasons(receipt: Receipt, bundle: Bundle, scan: Volume) -> list[str]:
    reasons = []
    if content_of(scan) != receipt.scan.sha256:
        reasons.append("The scan is not the one that the mask was made on: its voxels or its place differ.")
    if bundle.sha256 != receipt.bundle.sha256:
        reasons.append(f"The bundle is another one than {receipt.bundle.name}, which the receipt names by its sha256.")
    return reasons


# the bundle


def _bundle(job: Replay, receipt: Receipt, mask: Path, emit: Emit, cancel: CancelToken, job_id: str) -> Bundle:
    if job.bundle:
        return bundle_for(job.bundle, emit, cancel, job_id)
    for path in _known_bundles(mask):
        try:
            bundle = Bundle.open(path)
        except EngineError:
            continue
        if bundle.sha256 == receipt.bundle.sha256:
            return bundle
    raise InputError(
        f"The bundle {receipt.bundle.name!r} (sha256 {receipt.bundle.sha256[:12]}…) was not found among the installed "
        "models and runs, nor beside the mask.",
        hint="Give it: --bundle BUNDLE.",
        field="bundle",
    )


def _known_bundles(mask: Path) -> Iterator[Path]:
    """Beside the mask, among the models that ship or are installed, in the cache, in runs; nothing named by a receipt
    is ever opened for its name."""
    places = [
        mask.parent,
        *(folder for root in (resources() / "models", models_folder()) for folder in _inside(root)),
        cache_folder() / "bundles",
        *_inside(runs_folder()),
        runs_folder(),
    ]
    for place in places:
        for path in _inside(place, files=True):
            if (path.name.lower().endswith(SUFFIX) or path.is_dir()) and is_bundle(path):
                yield path


def _inside(folder: Path, *, files: bool = False) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if files or path.is_dir())
    except OSError:
        return []


# the scan


def _scan(job: Replay, receipt: Receipt, mask: Path, emit: Emit, cancel: CancelToken, job_id: str) -> Volume:
    given = Path(job.scan) if job.scan else None
    if given is not None and not given.exists():
        raise InputError(f"{given} does not exist.", hint="Check the path of the scan.", field="scan")
    if given is not None and (given.is_file() or format_name(given) == "dicom"):
        return _one_of(given, job.series, receipt, cancel)
    place = given or mask.parent
    emit(Log(job_id, f"Looking for the scan in {place} by its content."))
    for path in _candidates(place, mask):
        for volume in _volumes(path, cancel):
            if volume.shape_zyx == receipt.scan.shape_zyx and content_of(volume) == receipt.scan.sha256:
                return volume
    raise InputError(
        f"The scan that {mask.name} was made on is not in {place}, or it was changed.",
        hint="Give it: --scan FILE or FOLDER.",
        field="scan",
    )


def _one_of(path: Path, series: str, receipt: Receipt, cancel: CancelToken) -> Volume:
    """The scan as given; of several series that which the receipt means, where it is among them."""
    if not series and len(list_series(path)) > 1:
        for volume in _volumes(path, cancel):
            if volume.shape_zyx == receipt.scan.shape_zyx and content_of(volume) == receipt.scan.sha256:
                return volume
    return read_scan(path, series)


def _candidates(place: Path, mask: Path) -> list[Path]:
    """What may be the scan: those first whose name begins the mask's."""

    def likely(path: Path) -> tuple[bool, str]:
        stem = path.name.split(".")[0].casefold()
        return not mask.name.casefold().startswith(stem), path.name

    found = []
    for path in _inside(place, files=True):
        if path.name.startswith(".") or path == mask or path.is_symlink():
            continue
        if format_name(path) is not None and receipt_free(path):
            found.append(path)
    return sorted(found, key=likely)[:_MOST_LOOKED_AT]


def receipt_free(path: Path) -> bool:
    """Not one of our masks, as far as a look beside it tells."""
    return not receipt_beside(path).exists()


def _volumes(path: Path, cancel: CancelToken) -> Iterator[Volume]:
    """The scan of a file, or each volume of one that holds several; what cannot be read is passed over."""
    cancel.check()
    names = [""]
    try:
        entries = list_series(path)
        names = [entry.id if len(entries) > 1 else "" for entry in entries] or [""]
    except EngineError:
        return
    for name in names:
        cancel.check()
        try:
            yield read_scan(path, name)
        except EngineError:
            continue


# again


def _again(
    receipt: Receipt, bundle: Bundle, scan: Volume, emit: Emit, cancel: CancelToken, job_id: str
) -> list[NDArray[Any]]:
    """What the mask's file would hold now."""
    session = SegmentCache().session(bundle)
    plane, refinement = known_axis(receipt.plane), Refinement.of(receipt.settings)
    skip_air = bool(receipt.settings.get("skip_air", False))
    thresholds = {asked.threshold for asked in receipt.masks}
    answers: dict[str, Answer] = {}
    for threshold in thresholds:
        prompts = [asked.prompt for asked in receipt.masks if asked.threshold == threshold]
        found = segment(
            scan,
            session,
            prompts,
            plane,
            threshold,
            emit,
            cancel,
            job_id,
            label=receipt.label,
            skip_air=skip_air,
            refinement=refinement,
            presence=_presence(receipt),
        )
        answers.update({answer.asked: answer for answer in found.answers})
    ordered = [answers[asked.prompt] for asked in receipt.masks]
    if receipt.file == "labels":
        return [combine(ordered, [asked.value for asked in receipt.masks], receipt.overlap, receipt.priority)[0]]
    fractional = "fractional" in receipt.saved_as.split()
    return [answer_in_file(answer, fractional=fractional) for answer in ordered]


def _compared(
    receipt: Receipt, stored: Sequence[NDArray[Any]], again: Sequence[NDArray[Any]]
) -> Iterator[dict[str, Any]]:
    """One entry a phrase; in a flat file those voxels are compared that have its number."""
    for index, asked in enumerate(receipt.masks):
        if receipt.file == "labels":
            was, now = stored[0] == asked.value, again[0] == asked.value
        else:
            was, now = stored[index].astype(bool), again[index].astype(bool)
        both, each = int(np.count_nonzero(was & now)), int(np.count_nonzero(was)) + int(np.count_nonzero(now))
        yield {
            "prompt": asked.prompt,
            "dice": 1.0 if not each else 2.0 * both / each,
            "differing_voxels": int(np.count_nonzero(was != now)),
            "voxels": int(np.count_nonzero(was)),
            "voxels_now": int(np.count_nonzero(now)),
        }
