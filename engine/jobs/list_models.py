"""Installed base weights, the shipped starter first."""

from __future__ import annotations

from typing import Any

from engine.bundle.verdict import short_verdict, verdict
from engine.contract.control import CancelToken, Emit
from engine.contract.events import Model
from engine.contract.jobs import ListModels
from engine.jobs.base_bundle import ready_bundle
from engine.models.known import known_models
from engine.models.weights import list_weights


def run(job: ListModels, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"models": [{"id", "title", "path", "model", "sha256", "licence", "notice", "megabytes", "verdict",
    "verdict_short"}], "known": [rows of `engine.models.known`]}`, and a Model event for each installed one.

    Verdicts are on the bundle that is there.
    """
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
        bundle = ready_bundle(weights)
        row["verdict"] = verdict(bundle.manifest) if bundle else ""
        row["verdict_short"] = short_verdict(bundle.manifest) if bundle else ""
        emit(Model(job_id, **row))
        rows.append(row)
    return {"models": rows, "known": [known.row() for known in known_models()]}
