"""The whole road on drawn data: tune, compare with doing nothing and with a control, export, segment a volume."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from engine.config.yaml_io import dump_yaml
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.events import Log
from engine.contract.jobs import Demo, Export, PrepareSamples, Segment, Tune
from engine.contract.whole_file import write_text
from engine.jobs import export, prepare_samples, segment, tune
from engine.synthetic.ct_volume import SPLEEN

DATASET = "abdomen-ct"
LABEL = {"value": SPLEEN, "name": "spleen", "phrase": "spleen", "colour": "#E69F00"}
"""One organ, since words that the starter never read are all alike to it: it takes each for the largest thing there,
which the spleen is not."""
SEED = 7
RUNS: dict[str, dict[str, Any]] = {
    "zero_shot": {"strategy": {"name": "zero_shot"}},
    "upsampler_only": {"strategy": {"name": "upsampler_only"}},
    "vpt": {"strategy": {"name": "vpt"}},
}
"""What is compared; the settings are those that the starter's model card recommends."""
TUNED = "vpt"


def run(job: Demo, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`dice_zero_shot`, `dice_tuned`, `dice_upsampler_only` (test images), `bundle`, `mask`, `seconds`, and more.

    Every Dice is measured on images that no run saw; all data are drawn and called synthetic. Raises InputError where
    `out` holds a demo already.
    """
    began = time.monotonic()
    out = Path(job.out)
    if (out / "runs").exists():
        raise InputError(f"{out} already holds a demo.", hint="Choose another folder, or delete that one.")
    emit(Log(job_id, "Drawing the sample data (synthetic: no patient was ever scanned)."))
    samples = prepare_samples.run(PrepareSamples(sets=[DATASET, prepare_samples.VOLUME_SET]), emit, cancel, job_id)
    folder = next(entry["folder"] for entry in samples["sets"] if entry["id"] == DATASET)
    found = {name: _tune(name, folder, out, emit, cancel, job_id) for name in RUNS}
    bundle = out / "bundle.vlseg"
    emit(Log(job_id, "Exporting the tuned model and comparing the bundle with it."))
    exported = export.run(Export(str(out / "runs" / TUNED), str(bundle)), emit, cancel, job_id)
    emit(Log(job_id, "Segmenting the sample volume."))
    masks = segment.run(Segment([samples["volume"]], str(bundle), [], str(out / "masks")), emit, cancel, job_id)
    return {
        "dice_zero_shot": _dice(found["zero_shot"]),
        "dice_upsampler_only": _dice(found["upsampler_only"]),
        "dice_tuned": _dice(found[TUNED]),
        "dice_all_images": {name: _dice_all(result) for name, result in found.items()},
        "strategy": TUNED,
        "dataset": DATASET,
        "synthetic": True,
        "test_images": _count(found[TUNED]),
        "bundle": str(bundle),
        "parity": exported["parity"],
        "volume": samples["volume"],
        "mask": _combined(masks),
        "runs": {name: str(out / "runs" / name) for name in RUNS},
        "seconds": round(time.monotonic() - began, 1),
    }


def _tune(name: str, folder: str, out: Path, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    emit(Log(job_id, f"Run {name}."))
    recipe = {
        "version": 1,
        "name": f"{DATASET}-{name}",
        "seed": SEED,
        "data": {"folder": folder, "labels": [LABEL], "split": {"train": 0.6, "val": 0.2, "test": 0.2}},
        "model": {"name": "clipseg", "weights": "starter"},
        **RUNS[name],
    }
    path = write_text(out / "recipes" / f"{name}.yaml", dump_yaml(recipe))
    return tune.run(Tune(str(path), str(out / "runs" / name)), emit, cancel, job_id)


def _dice(result: dict[str, Any]) -> float:
    """Mean Dice over the test images that show the organ.

    The others would reward an answer that finds nothing anywhere: both empty counts as 1.
    """
    return float(result["test"][-1]["dice_positive"])


def _dice_all(result: dict[str, Any]) -> float:
    """Mean Dice over all test images, both empty = 1."""
    return float(result["test"][-1]["dice"])


def _count(result: dict[str, Any]) -> int:
    return int(result["test"][0]["n"])


def _combined(masks: dict[str, Any]) -> str:
    """The one mask with every label."""
    combined = masks["combined"]
    first = combined[0] if combined else masks["masks"][0]["mask"]
    return str(first["mask"] if isinstance(first, dict) else first)
