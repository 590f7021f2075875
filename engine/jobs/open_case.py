"""A case of a dataset becomes files that the window can map into memory: the scan, and its label values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import OpenCase
from engine.contract.whole_file import told, write_whole
from engine.data.slices import open_case
from engine.jobs.list_cases import listing_of
from engine.volumes.view_export import export_for_view


def run(job: OpenCase, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """What `scan.json` holds, `folder`, and `layers`: `file` (label values [z, y, x]) and `voxels` of each value.

    Raises CaseRefused where a file cannot be used, InputError for a case that is not there, DiskFull, Cancelled.
    """
    listing = listing_of(job)
    opened = open_case(listing.case(job.case), listing.folder)
    cancel.check()
    out = Path(job.out)
    with told(out):
        description = export_for_view(opened.scan, out)
    layers = []
    for number, layer in enumerate(opened.layers):
        cancel.check()

        def save(beside: Path, layer: Any = layer) -> None:
            with beside.open("wb") as file:
                np.save(file, np.ascontiguousarray(layer), allow_pickle=False)

        file = write_whole(out / f"layer-{number}.npy", save)
        values, counts = np.unique(layer, return_counts=True)
        found = {int(value): int(count) for value, count in zip(values, counts, strict=True) if value}
        layers.append({"file": file.name, "voxels": {str(value): count for value, count in found.items()}})
    return {**description, "folder": str(out), "layers": layers}
