"""A study as it stands, for the tables and plots of the window; the storage is only read."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import ReadStudy
from engine.contract.whole_file import write_text

if TYPE_CHECKING:
    from engine.search.study import OpenStudy


def run(job: ReadStudy, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises InputError where there is no study, ResourceError where its storage does not answer, Cancelled."""
    from engine.search.study import open_study

    del emit, job_id
    with closing(open_study(Path(job.folder), storage=job.storage, name=job.study, reading=True)) as found:
        return _read(found, job, cancel)


def _read(found: OpenStudy, job: ReadStudy, cancel: CancelToken) -> dict[str, Any]:
    from engine.search.reading import best_so_far, correlations, importances, trial_rows

    cancel.check()
    rows = trial_rows(found)
    several = len(found.config.objectives) > 1
    cancel.check()
    values = {
        "trials": rows,
        "best_so_far": [] if several else best_so_far(found, rows),
        "front": sorted(trial.number for trial in found.study.best_trials) if several else [],
        "importances": importances(found) if job.figures else {},
        "correlations": correlations(found) if job.figures else [],
    }
    path = write_text(Path(job.out) / f"{found.folder.name}.json", json.dumps(values))
    best = found.best()
    rules = found.rules
    return {
        "name": found.study.study_name,
        "objectives": list(found.config.objectives),
        "directions": found.config.directions,
        "asked": found.config.trials,
        "space": [parameter.to_values() for parameter in found.space],
        "rules": {
            "frozen": dict(rules.frozen),
            "narrowed": dict(rules.narrowed),
            "banned": [dict(region) for region in rules.banned.values()],
            "paused": rules.paused,
        },
        "best": None if best is None else best.number,
        "trials": len(rows),
        "figures": job.figures,
        "path": str(path),
    }
