"""A scan becomes files that the window can map into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Progress, ScanGrows
from engine.contract.jobs import OpenScan
from engine.contract.whole_file import told
from engine.volumes.reading import read_mask
from engine.volumes.view_export import export_for_view, open_for_view


def run(job: OpenScan, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """What `scan.json` holds, and `folder`, where it and `voxels.npy` lie. ScanGrows tells what can be shown before.

    Raises ScanUnreadable, DiskFull or InputError, Cancelled.
    """
    out = Path(job.out)
    cancel.check()
    emit(Progress(job_id, 0, 1, "scans", stage="Reading the scan"))

    def early(first_look: dict[str, Any]) -> None:
        cancel.check()
        first, last, slices = (int(first_look[name]) for name in ("first", "last", "slices"))
        emit(Progress(job_id, last - first, slices, "slices", stage="Reading the scan"))
        emit(ScanGrows(job_id, {**first_look, "folder": str(out)}, first, last))

    with told(out):
        if job.is_mask:
            description = export_for_view(read_mask(Path(job.path)), out)
        else:
            description = open_for_view(Path(job.path), out, job.series, early)
    cancel.check()
    return {**description, "folder": str(out)}
