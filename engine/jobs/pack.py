"""A run as a prompt pack: one file with what was learned, for the same base weights elsewhere."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from engine.bundle.manifest import BaseModelInfo
from engine.bundle.presence import Presence, in_words
from engine.bundle.reader import Bundle
from engine.config.yaml_io import dump_yaml, load_yaml
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import DatasetIncomplete, EngineError, InputError
from engine.contract.events import Log
from engine.contract.jobs import Pack
from engine.jobs.run_data import intensity_of, labels_of, presence_of_run, was_synthetic
from engine.models.weights import Weights, find_weights, is_installed
from engine.pack.archive import check_out, write_pack
from engine.pack.card import card_text
from engine.pack.manifest import CARD, LEARNED, RECIPE, PackManifest
from engine.pack.portable import places_in, portable_recipe
from engine.runs import layout
from engine.runs.writer import best_epoch, read_metrics


def run(job: Pack, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"pack", "kilobytes", "learned", "presence"}`.

    Raises InputError for what is no run, has learned nothing, or may not be written there; WeightsMissing where its
    base weights are gone; DiskFull; Cancelled.
    """
    from safetensors.numpy import load_file

    folder, out = Path(job.run), Path(job.out)
    check_out(out, overwrite=job.overwrite)
    best = best_epoch(folder)
    if not layout.is_run(folder) or best is None or not (folder / layout.BEST).is_file():
        raise InputError(f"{folder} is not a run with a best epoch.", hint="Give the folder of a run that ended.")
    recipe = load_yaml(folder / layout.RECIPE)  # complete, as every run's: nothing is to be filled in from the weights
    strategy, model, data = (dict(recipe.get(group) or {}) for group in ("strategy", "model", "data"))
    learned = sum(value.size for value in load_file(folder / layout.BEST).values())
    if not learned:
        raise InputError(
            f"{folder.name} learned nothing ({strategy.get('name')}): there is nothing to pack.",
            hint="Share the recipe itself.",
        )
    weights = find_weights(str(model.get("weights")), sha256=str(model.get("sha256") or "") or None)
    presence = _known_presence(folder)
    if presence is None and job.calibrate:
        presence = _calibrated(folder, emit, cancel, job_id)
    labels = labels_of(folder)
    synthetic = weights.card.synthetic_only and was_synthetic(folder)
    row = next((row for row in read_metrics(folder) if row["epoch"] == best), {})
    name = Path(weights.id).name if is_installed(weights.id) else ""
    manifest = PackManifest(
        name=str(recipe.get("name") or folder.name),
        strategy=str(strategy.get("name")),
        learned=learned,
        model=_base(weights, name),
        labels=labels,
        plane=data.get("plane", "axial"),
        intensity=intensity_of(folder),
        presence=presence,
        best_epoch=best,
        validation={key: value for key, value in row.items() if key.startswith("val_") and math.isfinite(value)},
        phrase=_phrase_effect(folder),
        synthetic=synthetic,
        notice="Tuned on drawn (synthetic) images only: not for real scans." if synthetic else "",
    )
    portable = portable_recipe(recipe, [label.model_dump(mode="json") for label in labels], name)
    left = places_in(portable)
    if left:
        raise InputError(
            f"The recipe of {folder.name} names a place on this machine's disk ({left[0]}), which may not leave it.",
            hint="Give the setting a relative path and tune again.",
        )
    cancel.check()
    files = {
        RECIPE: dump_yaml(portable).encode("utf-8"),
        LEARNED: (folder / layout.BEST).read_bytes(),
        CARD: card_text(manifest).encode("utf-8"),
    }
    write_pack(manifest, files, out, overwrite=job.overwrite)
    size = out.stat().st_size / 1e3
    return {"pack": str(out), "kilobytes": size, "learned": learned, "presence": in_words(presence)}


def _base(weights: Weights, name: str) -> BaseModelInfo:
    """The name of a folder stays here: it may be anybody's; weights are known by their sha256."""
    return BaseModelInfo(name=weights.model, id=name, sha256=weights.sha256, licence=weights.licence)


def _known_presence(folder: Path) -> Presence | None:
    """The rule of the run's newest bundle that has one, or the one that the run was imported with."""
    found = [*folder.glob("*.vlseg"), *(path.parent for path in folder.glob("*/bundle.yaml"))]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            presence = Bundle.open(path).manifest.presence
        except EngineError:
            continue
        if presence is not None:
            return presence
    return presence_of_run(folder)


def _calibrated(folder: Path, emit: Emit, cancel: CancelToken, job_id: str) -> Presence | None:
    """As an export calibrates it; None where the run's images are gone. Needs torch."""
    from engine.assemble import Listener, inspect_for, run_network
    from engine.jobs.export import judged_on_val
    from engine.recipe import read_recipe

    recipe = read_recipe(folder / layout.RECIPE)
    if not recipe.data.folder:
        return None
    hear = Listener(emit, cancel, job_id)
    try:
        report = inspect_for(recipe, hear)
    except DatasetIncomplete as error:
        emit(Log(job_id, f"{error.message} The pack has no calibrated rule for not found.", "warning"))
        return None
    if not report.slice_count("val"):
        return None
    return judged_on_val(run_network(folder, recipe), report, hear)[1]


def _phrase_effect(folder: Path) -> dict[str, Any]:
    """The verdict alone: its cases stay with the run."""
    try:
        found = json.loads((folder / layout.PHRASE).read_text(encoding="utf-8"))
        return {"verdict": str(found["verdict"]), "words": str(found["words"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
