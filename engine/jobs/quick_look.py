"""What the untuned model makes of a few validation images: pictures and Dice, before anything is tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, OutOfRange
from engine.contract.jobs import QuickLook
from engine.contract.whole_file import write_whole

MOST = 24


def run(job: QuickLook, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises RecipeError, OutOfRange, DatasetIncomplete without validation images, WeightsMissing, DiskFull,
    Cancelled."""
    from PIL import Image

    from engine.assemble import Listener
    from engine.insight.quick_look import looks
    from engine.insight.untuned import open_untuned

    if not 1 <= job.images <= MOST:
        raise OutOfRange(f"{job.images} images are no quick look.", hint=f"Ask for 1 to {MOST}.", field="images")
    if not job.out:
        raise InputError("No folder is named for the pictures.", hint="Give one: --out FOLDER.", field="out")
    hear = Listener(emit, cancel, job_id)
    network, report = open_untuned(job.data, job.weights, job.seed, hear)
    names = [label.name for label in report.labels]
    rows: list[dict[str, Any]] = []
    for number, look in enumerate(looks(network, report, job.images, hear), start=1):
        picture = Image.fromarray(look.picture)
        # Numbered: a case's name may be a patient's.
        path = write_whole(Path(job.out) / f"look-{number:02d}.png", picture.save)
        dice = dict(zip(names, look.dice, strict=True))
        rows.append({"case": look.case, "slice": look.slice_index, "path": str(path), "dice": dice})
    by_label = {name: _mean([row["dice"][name] for row in rows]) for name in names}
    return {"rows": rows, "dice": by_label, "mean": _mean(list(by_label.values()))}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
