"""Tells a study something by its storage, so that it counts whether or not a worker runs on this machine."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.contract import wire
from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import SteerStudy


def run(job: SteerStudy, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises RecipeError for no command, UnknownName and OutOfRange for what is not in the space, InputError."""
    from engine.search.commands import steer
    from engine.search.study import open_study

    del emit, cancel, job_id
    command = wire.command_from_line(json.dumps(job.command))
    with closing(open_study(Path(job.folder), storage=job.storage, name=job.study)) as found:
        return {"said": steer(found, command)}
