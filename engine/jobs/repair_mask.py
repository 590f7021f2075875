"""A mask brought onto the grid of its scan, as a new file with a log beside it; the originals stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import GridMismatch, InputError
from engine.contract.events import Progress
from engine.contract.jobs import RepairMask
from engine.data.repair_log import log_of, write_log
from engine.volumes.preflight import REPAIRS, preflight, repaired
from engine.volumes.reading import read_mask, read_scan
from engine.volumes.writing import write_mask


def run(job: RepairMask, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Result: `same`, `differences`, `offers`, `refused` (see `Preflight`); with `how` also `written` and `log`.

    Raises ScanUnreadable, GridMismatch where the repair does not fit, InputError for a name that is taken or cannot
    hold the mask, DiskFull, Cancelled.
    """
    image, mask_path = Path(job.image), Path(job.mask)
    emit(Progress(job_id, 0, 3, "steps", stage="Reading the scan and its mask"))
    scan, mask = read_scan(image), read_mask(mask_path)
    cancel.check()
    found = preflight(scan, mask)
    result = found.to_dict()
    if not job.how:
        return result
    if job.how not in REPAIRS:
        raise GridMismatch(f"There is no repair {job.how!r}.", hint=f"Known: {', '.join(REPAIRS)}.", field="how")
    if not job.out:
        raise InputError("Nowhere to write the repaired mask.", hint="Add --out FILE.", field="out")
    out = Path(job.out)
    log = log_of(out)
    for path in (out, log):
        if path.exists() and (not job.overwrite or any(path.samefile(known) for known in (image, mask_path))):
            raise InputError(
                f"{path} is there already.", hint="Choose another name; originals are never written over.", field="out"
            )
    emit(Progress(job_id, 1, 3, "steps", stage="Repairing"))
    labels = repaired(scan, mask, job.how)
    cancel.check()
    write_mask(labels, out, scan)
    before, after = (int(np.count_nonzero(values)) for values in (mask.voxels, labels))
    did = next(offer.does for offer in found.offers if offer.repair == job.how)
    write_log(out, job.how, did, image=image, mask=mask_path, voxels=(before, after), differences=result["differences"])
    return {**result, "written": str(out), "log": str(log), "voxels_before": before, "voxels_after": after}
