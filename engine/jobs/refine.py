"""Answers made cleaner while a slider moves: from the probabilities that are there, without asking the model again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.events import Progress
from engine.contract.jobs import Refine
from engine.contract.whole_file import write_whole
from engine.inference.refine import Refinement, refine
from engine.volumes.geometry import Geometry
from engine.volumes.view_export import DESCRIPTION

_AGAIN = "Ask the model again."


def run(job: Refine, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """Result: `masks`, the paths of uint8 .npy files with 0 and 255, in the order of `levels`.

    Raises OutOfRange, InputError for files that are no probabilities, DiskFull, Cancelled.
    """
    refinement, geometry = Refinement.of(asdict(job)), _geometry(job.view)
    out = Path(job.out)
    masks = []
    for number, path in enumerate(map(Path, job.levels)):
        cancel.check()
        emit(Progress(job_id, number, len(job.levels), "answers", stage="Cleaning"))
        mask = refine(_levels(path), job.threshold, refinement, geometry).view(np.uint8) * np.uint8(255)
        masks.append(str(write_whole(out / path.name, lambda beside, mask=mask: _save(beside, mask))))  # type: ignore[misc]
    return {"masks": masks}


def _save(beside: Path, mask: NDArray[np.uint8]) -> None:
    with beside.open("wb") as file:
        np.save(file, mask, allow_pickle=False)


def _levels(path: Path) -> NDArray[np.uint8]:
    try:
        levels: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"An answer is no longer there ({path.name}).", hint=_AGAIN) from error
    if levels.dtype != np.uint8 or levels.ndim != 3:
        raise InputError(f"{path.name} holds no probabilities.", hint=_AGAIN)
    return levels


def _geometry(view: str) -> Geometry | None:
    if not view:
        return None
    try:
        known = json.loads((Path(view) / DESCRIPTION).read_text(encoding="utf-8"))["geometry"]
        return None if known is None else Geometry.from_dict(known)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("The opened scan is no longer there.", hint="Open the scan again.") from error
