"""The runs of a folder for a table, in parts; what the asker knows already is not read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.bundle.reader import Bundle
from engine.bundle.verdict import short_verdict, verdict
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError
from engine.contract.events import RunsListed
from engine.contract.jobs import ListRuns
from engine.runs.folders import runs_folder
from engine.runs.overview import overview, run_folders, stamp

PART = 50


def run(job: ListRuns, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"folders": [every run, newest first], "read": how many were read}`; rows come as RunsListed events.

    Raises Cancelled.
    """
    folders = run_folders(Path(job.root) if job.root else runs_folder())
    wanted = [folder for folder in folders if job.known.get(str(folder)) != stamp(folder)]
    for start in range(0, len(wanted), PART):
        rows = []
        for folder in wanted[start : start + PART]:
            cancel.check()
            row = overview(folder)
            if row is not None:
                rows.append({**row, **_bundle_of(folder)})
        emit(RunsListed(job_id, rows, len(folders)))
    return {"folders": [str(folder) for folder in folders], "read": len(wanted)}


def _bundle_of(run: Path) -> dict[str, str]:
    """What is said of the run's newest bundle: in short, in full, and where it is; nothing where there is none."""
    found = [*run.glob("*.vlseg"), *(path.parent for path in run.glob("*/bundle.yaml"))]
    if not found:
        return {}
    try:
        newest = max(found, key=lambda path: path.stat().st_mtime)
        manifest = Bundle.open(newest).manifest
    except (EngineError, OSError) as error:
        return {"bundle": "damaged", "bundle_words": str(error)}
    words = f"{newest.name}: {verdict(manifest)}"
    return {"bundle": short_verdict(manifest), "bundle_words": words, "bundle_path": str(newest)}
