"""A scan becomes files that the window can map into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Progress
from engine.contract.jobs import OpenScan
from engine.contract.whole_file import told
from engine.volumes.reading import read_scan
from engine.volumes.view_export import export_for_view


def run(job: OpenScan, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """What `scan.json` holds, and `folder`, where it and `voxels.npy` lie.

    Raises ScanUnreadable, DiskFull or InputError, Cancelled.
    """
    out = Path(job.out)
    emit(Progress(job_id, 0, 2, "steps", stage="Reading the scan"))
    volume = read_scan(Path(job.path), job.series)
    cancel.check()
    emit(Progress(job_id, 1, 2, "steps", stage="Preparing the view"))
    with told(out):
        description = export_for_view(volume, out)
    return {**description, "folder": str(out)}
