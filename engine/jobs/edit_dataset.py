"""Masks read from mended copies or from themselves again, cases left out or taken back, labels merged or parted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import EditDataset
from engine.data.dataset_edits import edited, open_file, write


def run(job: EditDataset, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"path"}` of the dataset.yaml. Raises as `open_file` and `write` do."""
    file = open_file(Path(job.folder).expanduser(), job.layout)
    about = edited(
        file.about,
        repaired=job.repaired,
        left_out=job.left_out,
        taken_back=job.taken_back,
        merged={int(value): into for value, into in job.merged.items()},
    )
    return {"path": str(write(replace(file, about=about)))}
