"""A study as it stands, for the tables and plots of the window; the storage is only read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import ReadStudy
from engine.contract.whole_file import write_text


def run(job: ReadStudy, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises InputError where there is no study, ResourceError where its storage does not answer, Cancelled."""
    from engine.search.reading import best_so_far, correlations, importances, trial_rows
    from engine.search.study import open_study

    del emit, job_id
    found = open_study(Path(job.folder), storage=job.storage, name=job.study, reading=True)
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
