"""What a DICOM file or folder offers, before anything is opened: the lines of the chooser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Progress
from engine.contract.jobs import ListSeries
from engine.volumes.dicom.files import stamp
from engine.volumes.reading import list_series


def run(job: ListSeries, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`series`: a dictionary for each (`SeriesEntry.to_dict`; none for a scan of another kind); `stamp` changes with
    the files. Raises ScanUnreadable, Cancelled.
    """
    path = Path(job.path)
    emit(Progress(job_id, 0, 1, "steps", stage="Looking at the DICOM files"))
    entries = list_series(path)
    cancel.check()
    return {"series": [entry.to_dict() for entry in entries], "stamp": stamp(path)}
