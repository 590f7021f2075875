"""A bundle's path or a base model's name → an opened bundle; base models are exported once and kept in the cache."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from engine.bundle.reader import Bundle, is_bundle
from engine.bundle.storage import SUFFIX
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import BundleError, InputError, WeightsMissing
from engine.contract.events import Log
from engine.models.weights import Weights, find_weights
from engine.runs.folders import cache_folder
from engine.runs.layout import RECIPE

_TUNE_PACKAGES = ("torch", "transformers", "onnx", "onnxscript")


def bundle_for(reference: str, emit: Emit, cancel: CancelToken, job_id: str) -> Bundle:
    """`reference` is a bundle (folder or .vlseg), the id of installed base weights, or a folder of base weights.

    Base weights: the bundle shipped beside them, else the one in the cache, else exported there now (tens of seconds,
    needs torch). Raises NotABundle, WrongVersion, InputError for a run folder, UnknownName or WeightsMissing.
    """
    path = Path(reference).expanduser()
    if is_bundle(path):
        return Bundle.open(path)
    if path.is_dir() and (path / RECIPE).is_file():
        raise InputError(
            f"{path} is a run, not a bundle.",
            hint=f"Export it first: tunevlseg export {path} --out {path.name}{SUFFIX}",
            field="bundle",
        )
    looks_like_path = path.exists() or path.suffix.lower() == SUFFIX or path.is_absolute()
    if looks_like_path and not (path.is_dir() and (path / "config.json").is_file()):
        return Bundle.open(path)  # says what is wrong with it
    weights = find_weights(reference)
    return _shipped(weights, emit, job_id) or _cached(weights) or _exported(weights, emit, cancel, job_id)


def cached_bundle_path(weights: Weights) -> Path:
    """Where the bundle of these base weights is kept; the folder may be deleted at any time."""
    return cache_folder() / "bundles" / weights.sha256


def _shipped(weights: Weights, emit: Emit, job_id: str) -> Bundle | None:
    folder = weights.path if weights.path.is_dir() else weights.path.parent
    for path in (folder / f"{weights.id}{SUFFIX}", folder / "bundle"):
        if is_bundle(path):
            bundle = Bundle.open(path)
            if bundle.manifest.model.sha256 == weights.sha256:
                return bundle
            emit(Log(job_id, f"{path.name} belongs to other weights than those beside it; not used.", "warning"))
    return None


def _cached(weights: Weights) -> Bundle | None:
    path = cached_bundle_path(weights)
    if not is_bundle(path):
        return None
    try:
        bundle = Bundle.open(path)
    except BundleError:
        return None  # from another version, or damaged: exported again
    return bundle if bundle.manifest.model.sha256 == weights.sha256 else None


def _exported(weights: Weights, emit: Emit, cancel: CancelToken, job_id: str) -> Bundle:
    missing = [name for name in _TUNE_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise WeightsMissing(
            f"{weights.id} must be exported before it can segment, and {', '.join(missing)} is not installed.",
            hint='Install the rest with: pip install "tunevlseg[tune]"; or use a bundle exported elsewhere.',
        )
    # Heavy: only where it is needed.
    from engine.export.base_model import export_base

    emit(Log(job_id, f"{weights.id} is used for the first time: exporting it once."))
    out = export_base(weights, cached_bundle_path(weights), emit, cancel, job_id=job_id, overwrite=True)
    return Bundle.open(out)
