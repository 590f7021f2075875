"""An edited split becomes a dataset.yaml, which tuning reads like any dataset; its files stay where they are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import SaveSplit
from engine.contract.whole_file import write_text
from engine.data.config import DataConfig
from engine.data.dataset_file import checked_path, edited_file, text_of
from engine.data.readers.dataset_yaml import FILE_NAME
from engine.jobs.list_cases import listing_of


def run(job: SaveSplit, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"folder", "path"}`. Raises InputError, RecipeError for labels that cannot be, DatasetIncomplete, DiskFull."""
    listing = listing_of(job)
    labels = build(DataConfig, {"labels": job.labels}, path="data").labels
    if job.by_content:
        text = text_of(edited_file(listing, job.splits, labels, job.kind, None))
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        path = Path(job.out) / name / FILE_NAME
        if not path.is_file():  # the same split was saved before: runs may rely on that file
            write_text(path, text)
    else:
        path = checked_path(Path(job.out), overwrite=job.overwrite)
        write_text(path, text_of(edited_file(listing, job.splits, labels, job.kind, path.parent)))
    return {"folder": str(path.parent), "path": str(path)}
