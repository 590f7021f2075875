"""Copies or converts base weights into the user's model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import ImportModel
from engine.models.weights import import_weights


def run(job: ImportModel, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"id", "path", "model", "sha256"}`; raises WeightsMissing or InputError for what is no checkpoint."""
    del emit, cancel, job_id
    weights = import_weights(Path(job.path), name=job.name, tokenizer=Path(job.tokenizer) if job.tokenizer else None)
    return {"id": weights.id, "path": str(weights.path), "model": weights.model, "sha256": weights.sha256}
