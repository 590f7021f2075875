"""Thumbnails of some cases, one after another; each is told as soon as it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.events import ThumbnailDrawn
from engine.contract.jobs import DrawThumbnails
from engine.data.thumbnails import drawn, prune
from engine.jobs.list_cases import config_of, listing_of

_PRUNED: set[Path] = set()


def run(job: DrawThumbnails, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """A case that cannot be drawn is told with its problem; result: how many were `drawn`.

    Raises DatasetIncomplete where the folder is gone, DiskFull, Cancelled.
    """
    config, listing, shelf = config_of(job), listing_of(job), Path(job.out)
    done = 0
    for case_id in job.cases:
        cancel.check()
        try:
            picture, mask = drawn(listing.case(case_id), listing.folder, config, shelf)
        except InputError as error:
            emit(ThumbnailDrawn(job_id, case_id, problem=f"{error.message} {error.hint}".strip()))
            continue
        done += 1
        emit(ThumbnailDrawn(job_id, case_id, str(picture), str(mask)))
    if shelf not in _PRUNED:
        _PRUNED.add(shelf)
        prune(shelf)
    return {"drawn": done}
