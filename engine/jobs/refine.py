"""Answers made cleaner while a slider moves: from the probabilities that are there, without asking the model again."""

from __future__ import annotations

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
from engine.volumes.view_export import geometry_of_view

_AGAIN = "Ask the model again."


def run(job: Refine, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """Result: `masks`, the paths of uint8 .npy files with 0 and 255, in the order of `levels`.

    Raises OutOfRange, InputError for files that are no probabilities, DiskFull, Cancelled.
    """
    refinement = Refinement.of(asdict(job))
    geometry = geometry_of_view(Path(job.view)) if job.view else None
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
