"""Draws the sample data where it is missing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import UnknownName
from engine.contract.events import Progress
from engine.contract.jobs import PrepareSamples
from engine.runs.folders import samples_folder
from engine.synthetic.sample_data import SAMPLE_SETS, ensure_sample_data

VOLUME_SET = "abdomen-ct-volume"


def run(job: PrepareSamples, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"sets": [{"id", "title", "folder"}], "volume": path}`; everything in it is synthetic.

    Raises UnknownName, DiskFull, InputError, Cancelled.
    """
    began = time.monotonic()

    def tell(done: int, total: int) -> None:
        cancel.check()
        left = (time.monotonic() - began) / done * (total - done) if done else None
        emit(Progress(job_id, done, total, "cases", left, "drawing sample data"))

    folder = Path(job.out) if job.out else samples_folder()
    unknown = sorted(set(job.sets) - set(SAMPLE_SETS))
    if unknown:
        raise UnknownName(f"There is no sample set {', '.join(unknown)}.", hint=f"There are: {', '.join(SAMPLE_SETS)}.")
    found = ensure_sample_data(folder, tuple(job.sets) or tuple(SAMPLE_SETS), progress=tell)
    sets = [{"id": name, "title": SAMPLE_SETS[name].title, "folder": str(path)} for name, path in found.items()]
    return {"sets": sets, "volume": str(sample_volume(found)) if VOLUME_SET in found else ""}


def sample_volume(places: dict[str, Path]) -> Path:
    """The drawn CT volume among the sample sets."""
    return next(iter(sorted((places[VOLUME_SET] / "images").glob("*.nii.gz"))))
