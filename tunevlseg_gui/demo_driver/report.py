"""What the driven demo leaves in its folder, and the last check: the mask lies on the volume's grid."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.whole_file import write_text
from engine.runs.layout import METRICS, RESULT
from engine.runs.writer import read_metrics
from engine.volumes.geometry import same_grid
from engine.volumes.reading import read_mask, read_scan
from tunevlseg_gui.demo_driver.hand import Hand, StepFailed
from tunevlseg_gui.demo_driver.road import PHRASE, Driven


def leave(driven: Driven, hand: Hand, out: Path) -> dict[str, Any]:
    """Copies bundle and metrics into `out`, checks the mask and writes results.json; returns what is in it.

    Raises StepFailed where the mask does not lie on the volume's grid, EngineError where a file cannot be used.
    """
    volume, mask = read_scan(driven.volume), read_mask(driven.mask)
    assert volume.geometry is not None
    differences = ["the mask has no place in the world"]
    if mask.geometry is not None:
        differences = same_grid(volume.geometry, mask.geometry, volume.voxels.shape[:3], mask.voxels.shape[:3])
    if differences:
        raise StepFailed(f"The mask is not on the volume's grid: {'; '.join(differences)}.")
    bundle = out / f"demo{driven.bundle.suffix}"
    shutil.copyfile(driven.bundle, bundle)
    shutil.copyfile(driven.run / METRICS, out / METRICS)
    result = json.loads((driven.run / RESULT).read_text(encoding="utf-8"))
    rows = read_metrics(driven.run)
    found = {
        "synthetic": True,
        "phrase": PHRASE,
        "dice": {
            "validation_best": result["val_dice"],
            "test": {str(row["label"]): row["dice"] for row in result.get("test", [])},
            "volume": _dice(mask.voxels, driven.volume),
        },
        "epochs": len(rows),
        "best_epoch": result["best_epoch"],
        "seconds_per_epoch": round(float(np.mean([row["seconds"] for row in rows])), 2),
        "seconds": hand.seconds(),
        "longest_pause_of_the_window_ms": round(hand.longest_pause * 1000),
        "parity_verified": driven.verified,
        "mask_on_the_volumes_grid": True,
        "mask_voxels": int(np.count_nonzero(mask.voxels)),
        "files": {
            "mask": _relative(driven.mask, out),
            "volume": _relative(driven.volume, out),
            "bundle": _relative(bundle, out),
            "metrics": METRICS,
            "run": _relative(driven.run, out),
            "screenshots": [_relative(path, out) for path in hand.taken],
        },
    }
    write_text(out / "results.json", json.dumps(found, indent=2) + "\n")
    return found


def _dice(mask: np.ndarray[Any, Any], volume: Path) -> float | None:
    """Against the drawn truth, where the volume's dataset has it."""
    truth_path = volume.parents[1] / "masks" / volume.name
    about = volume.parents[1] / "dataset.json"
    if not (truth_path.is_file() and about.is_file()):
        return None
    labels = json.loads(about.read_text(encoding="utf-8"))["labels"]
    value = next((label["value"] for label in labels if label["phrase"] == PHRASE), None)
    truth, answer = read_mask(truth_path).voxels == value, mask > 0
    both = int(truth.sum()) + int(answer.sum())
    return round(2 * int((truth & answer).sum()) / both, 4) if both else None


def _relative(path: Path, out: Path) -> str:
    """Seen from `out`; a file that lies elsewhere (TUNEVLSEG_HOME was set) is only named."""
    try:
        return path.resolve().relative_to(out.resolve()).as_posix()
    except ValueError:
        return path.name
