"""What this installation offers: the catalogue that came with the program, and the base weights installed here."""

from __future__ import annotations

import json
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import Describe
from engine.models.known import known_models
from engine.models.weights import Weights, list_weights
from engine.runs.folders import resources


def run(job: Describe, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """The catalogue (needs no torch: it was written from the code, and a test keeps it fresh) with `weights` that are
    installed and `known_models` (rows of `engine.models.known`) that could be."""
    del emit, cancel, job_id
    if job.renew:
        from engine.jobs.catalogue import renew

        renew(resources())
    catalogue: dict[str, Any] = json.loads((resources() / "catalogue.json").read_text(encoding="utf-8"))
    return {
        **catalogue,
        "weights": [_weights(found) for found in list_weights()],
        "known_models": [known.row() for known in known_models()],
    }


def _weights(found: Weights) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.card.title or found.id,
        "model": found.model,
        "licence": found.licence,
        "sha256": found.sha256,
        "megabytes": round(found.path_bytes / 1e6, 1),
        "notice": found.card.notice,
        "recommended": found.card.recommended,
        "sites": found.limits(),
    }
