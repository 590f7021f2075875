"""The cases of a dataset by their names, at once: what the Data page shows before the files are opened."""

from __future__ import annotations

import threading
from typing import Any

from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit
from engine.contract.events import CasesListed
from engine.contract.jobs import DrawThumbnails, ListCases, OpenCase, SaveSplit
from engine.data.case_listing import Listing, known_listing
from engine.data.config import DataConfig
from engine.data.slices import relative_to
from engine.volumes.guarded_reader import reader

PART = 200
"""Rows an event: so few that the window reads them between two of its frames."""


def run(job: ListCases, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises DatasetIncomplete, UnknownName or InputError where there is nothing to list, and Cancelled."""
    # Thumbnails are asked for next: their reader starts while the names are read.
    threading.Thread(target=reader().start, name="start-reader", daemon=True).start()
    config = config_of(job)
    listing = known_listing(config, renew=True)
    cancel.check()
    root = listing.folder
    rows = [
        {
            "case_id": case.case_id,
            "patient": case.patient,
            "image": relative_to(case.image, root),
            "split": (case.split or "") if config.split.given else "",
        }
        for case in listing.cases
    ]
    emit_rows(rows, emit, job_id)
    return {"layout": listing.layout_name, "layout_title": listing.layout.title, "cases": len(rows)}


def emit_rows(rows: list[dict[str, Any]], emit: Emit, job_id: str) -> None:
    for first in range(0, len(rows), PART):
        emit(CasesListed(job_id, first, len(rows), rows[first : first + PART]))


def config_of(job: ListCases | DrawThumbnails | OpenCase | SaveSplit) -> DataConfig:
    """Raises RecipeError or OutOfRange with the field's path."""
    return build(DataConfig, {**job.settings, "folder": job.folder, "layout": job.layout}, path="data")


def listing_of(job: DrawThumbnails | OpenCase | SaveSplit) -> Listing:
    return known_listing(config_of(job))
