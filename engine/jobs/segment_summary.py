"""A summary of many scans: what became of each, as CSV and JSON in the folder of the masks; and progress over all."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.contract.control import Emit
from engine.contract.events import Event, Progress
from engine.contract.whole_file import write_text
from engine.jobs.segment_tables import as_csv
from engine.volumes.measure import COLUMNS, Measurement

NAME: Final = "segment-summary"
_COLUMNS: Final = ("scan", "series", "state", "prompt", "mask", "found", "voxels", "ml", "highest", "message")


def write_summary(folder: Path, rows: Sequence[dict[str, Any]], facts: dict[str, Any]) -> list[str]:
    """`segment-summary.csv`, a row a mask (or a scan that failed), and `.json`; replaces that of an earlier call.

    Rows have `scan` (how it is shown: for DICOM no patient's name), `state` (done | was done | failed | not reached),
    and what is known of the mask. Raises DiskFull, InputError.
    """
    measured = any(row.get("measurements") for row in rows)
    flat = []
    for row in rows:
        known = row.get("measurements")
        flat.append({**row, **({} if not known else Measurement(**known).columns()), "ml": row.get("ml")})
    columns = (*_COLUMNS, *(name for name in COLUMNS if name not in _COLUMNS)) if measured else _COLUMNS
    table, listed = folder / f"{NAME}.csv", folder / f"{NAME}.json"
    write_text(table, as_csv(columns, flat))
    write_text(listed, json.dumps({**facts, "masks": list(rows)}, indent=2, ensure_ascii=False) + "\n")
    return [str(table), str(listed)]


class BatchProgress:
    """Hands a scan's own progress on as progress over all scans, with an estimate from the time that they took."""

    def __init__(self, emit: Emit, job_id: str, total: int) -> None:
        self._emit, self._job_id, self._total = emit, job_id, total
        self._started = time.monotonic()
        self._done = 0
        self._skipped = 0
        self._last = 0.0

    def __call__(self, event: Event) -> None:
        if self._total < 2 or not isinstance(event, Progress) or event.unit != "slices":
            self._emit(event)
            return
        now = time.monotonic()
        if now - self._last >= 0.1:
            self._last = now
            self._tell(event.done / event.total if event.total else 0.0)

    def finished(self, *, worked: bool) -> None:
        """One more scan is over; `worked` False: it took no time worth an estimate."""
        self._done += 1
        self._skipped += not worked
        if self._total > 1:
            self._tell(0.0)

    def _tell(self, part: float) -> None:
        worked = self._done - self._skipped + part
        left = self._total - self._done - part
        eta = (time.monotonic() - self._started) / worked * left if worked > 0 else None
        self._emit(Progress(self._job_id, self._done + part, self._total, "scans", eta, "Segmenting"))
