"""Copies, unpacks or converts base weights into the user's model folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Progress
from engine.contract.jobs import ImportModel
from engine.models.importing import import_weights

_TOLD_S = 0.1


def run(job: ImportModel, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"id", "path", "model", "sha256"}`; raises WeightsMissing or InputError for what is no checkpoint, DiskFull,
    Cancelled. The folder appears among the models at the end, whole, or not at all."""
    began = told = time.monotonic()

    def step(done: int, total: int) -> None:
        nonlocal told
        cancel.check()
        now = time.monotonic()
        if now - told >= _TOLD_S or done == total:
            told = now
            left = (now - began) / done * (total - done) if done else None
            emit(Progress(job_id, round(done / 1e6, 2), round(total / 1e6, 2), "MB", left, "Copying"))

    tokenizer = Path(job.tokenizer) if job.tokenizer else None
    weights = import_weights(Path(job.path), name=job.name, tokenizer=tokenizer, step=step)
    return {"id": weights.id, "path": str(weights.path), "model": weights.model, "sha256": weights.sha256}
