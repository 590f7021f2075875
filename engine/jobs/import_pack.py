"""A prompt pack becomes a run folder here: whole, checked against its base weights, or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, NotAPack, RecipeError, WeightsMissing
from engine.contract.events import JobFinished, JobStarted, Log
from engine.contract.jobs import ImportPack
from engine.contract.whole_file import told, write_bytes, write_text
from engine.data.grey_levels import as_intensity
from engine.models.weights import Weights, find_weights, is_installed, list_weights
from engine.pack.archive import AGAIN, PackContents, read_pack
from engine.pack.manifest import PackManifest
from engine.pack.portable import portable_recipe
from engine.runs import layout
from engine.runs.folders import run_folder_for
from engine.runs.writer import RunWriter

if TYPE_CHECKING:
    from engine.recipe import Recipe


def run(job: ImportPack, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"run", "name", "weights", "notice"}`.

    Raises NotAPack, WrongVersion, WeightsMissing where the pack belongs to other base weights than are here,
    InputError where `out` is a run already, DiskFull, Cancelled.
    """
    path = Path(job.path)
    pack = read_pack(path)
    weights = _weights(path, pack.manifest, job.weights)
    recipe = _recipe(path, pack, weights)
    cancel.check()
    _check_shapes(path, pack, recipe)
    out = Path(job.out) if job.out else run_folder_for(pack.manifest.name)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already.", hint="Choose another folder.", field="out")
    with told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".importing-", dir=out.parent))
        try:
            _fill(beside, path, pack, recipe, job_id)
            beside.chmod(0o755)
            if out.exists():
                out.rmdir()  # it is empty
            beside.rename(out)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    if pack.manifest.notice:
        emit(Log(job_id, pack.manifest.notice, "warning"))
    return {"run": str(out), "name": recipe.name, "weights": weights.id, "notice": pack.manifest.notice}


def _weights(path: Path, manifest: PackManifest, given: str) -> Weights:
    """The base weights that the pack was made on: those given, or whichever is installed with the same sha256."""
    wanted = manifest.model.sha256
    if given:
        weights = find_weights(given)
        if weights.sha256 == wanted:
            return weights
        there = f"{given} has sha256 {weights.sha256[:12]}…"
    else:
        known = list_weights()
        same = [weights for weights in known if weights.sha256 == wanted]
        if same:
            return same[0]
        there = "installed are " + (", ".join(f"{one.id} ({one.sha256[:12]}…)" for one in known) or "none")
    title = manifest.model.id or manifest.model.name
    raise WeightsMissing(
        f"{path.name} was tuned on other base weights, {title} (sha256 {wanted[:12]}…); {there}. Its prompts mean "
        f"nothing to them.",
        hint=f"Import {title} first: on the Models page or with `tunevlseg models import FOLDER`.",
        field="weights",
    )


def _recipe(path: Path, pack: PackContents, weights: Weights) -> Recipe:
    """The pack's recipe for these weights: what it says of places is not believed."""
    from engine.recipe import make_recipe

    labels = [label.model_dump(mode="json") for label in pack.manifest.labels]
    here = weights.id if is_installed(weights.id) else str(weights.path.resolve())
    try:
        values = portable_recipe(pack.recipe, labels, here)
        values["model"]["sha256"] = weights.sha256
        recipe = make_recipe(values)
    except (RecipeError, ValueError, TypeError) as error:
        message = error.message if isinstance(error, RecipeError) else "it is no recipe."
        raise NotAPack(f"{path}: its recipe is not right: {message}", hint=AGAIN) from error
    if recipe.strategy_name != pack.manifest.strategy:
        raise NotAPack(
            f"{path}: its recipe is of {recipe.strategy_name}, and it says {pack.manifest.strategy}.", hint=AGAIN
        )
    return recipe


def _check_shapes(path: Path, pack: PackContents, recipe: Recipe) -> None:
    """Raises NotAPack where the learned numbers are not those that the recipe would learn."""
    from engine.jobs.check_recipe import sketched

    try:
        tuned, _ = sketched(recipe)
    except RecipeError as error:
        raise NotAPack(f"{path}: its recipe does not fit its base weights: {error.message}", hint=AGAIN) from error
    asked = {name: tuple(parameter.shape) for name, parameter in tuned.learned().items()}
    given = {name: tuple(value.shape) for name, value in pack.learned.items()}
    wrong = sorted(name for name in asked.keys() | given.keys() if asked.get(name) != given.get(name))
    if wrong:
        raise NotAPack(f"{path}: what was learned does not fit its recipe ({', '.join(wrong[:3])}).", hint=AGAIN)


def _fill(folder: Path, path: Path, pack: PackContents, recipe: Recipe, job_id: str) -> None:
    manifest = pack.manifest
    try:
        intensity = as_intensity(manifest.intensity)
    except RecipeError as error:
        raise NotAPack(f"{path}: {error.message}", hint=AGAIN) from error
    imported = {
        "file_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "producer": manifest.producer,
        "learned": manifest.learned,
    }
    writer = RunWriter.create(folder, recipe.to_yaml(), {"imported_pack": imported})
    labels = {
        "labels": [label.model_dump(mode="json") for label in manifest.labels],
        "intensity": intensity,
        "synthetic": manifest.synthetic,
        "presence": None if manifest.presence is None else manifest.presence.model_dump(),
    }
    write_text(folder / layout.LABELS, json.dumps(labels, indent=1, ensure_ascii=False))
    if manifest.phrase.get("verdict"):
        told = {name: str(manifest.phrase.get(name, ""))[:400] for name in ("verdict", "words")}
        kept = {**told, "best_epoch": manifest.best_epoch, "notes": ["Looked at before it was packed."]}
        write_text(folder / layout.PHRASE, json.dumps(kept, indent=1, ensure_ascii=False))
    write_bytes(folder / layout.BEST, pack.weights)
    write_text(folder / layout.EPOCHS / "best", str(manifest.best_epoch))
    scores = {name: value for name, value in manifest.validation.items() if math.isfinite(value)}
    writer.row({"epoch": float(manifest.best_epoch), **scores})
    result = {"best_epoch": manifest.best_epoch, "val_dice": scores.get("val_dice"), "ended": "imported"}
    writer.result(result)
    writer.event(JobStarted(job_id, "import_pack", "Import pack"))
    made = time.strftime("%Y-%m-%d")
    writer.event(Log(job_id, f"Imported on {made} from a prompt pack that {manifest.producer} wrote."))
    if manifest.notice:
        writer.event(Log(job_id, manifest.notice, "warning"))
    writer.event(JobFinished(job_id, result))
