"""Installed base weights, the shipped starter first."""

from __future__ import annotations

from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Model
from engine.contract.jobs import ListModels
from engine.models.weights import list_weights


def run(job: ListModels, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"models": [{"id", "title", "path", "model", "sha256", "licence", "notice", "megabytes"}]}`, and a Model event
    for each."""
    del job, cancel
    rows = []
    for weights in list_weights():
        row: dict[str, Any] = {
            "id": weights.id,
            "title": weights.card.title or weights.id,
            "path": str(weights.path),
            "model": weights.model,
            "sha256": weights.sha256,
            "licence": weights.licence,
            "notice": weights.card.notice,
            "megabytes": round(weights.path_bytes / 1e6, 1),
        }
        emit(Model(job_id, **row))
        rows.append(row)
    return {"models": rows}
