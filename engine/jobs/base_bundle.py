"""A bundle's path or a base model's name → an opened bundle; base models are exported once and kept in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.bundle.reader import Bundle, is_bundle
from engine.bundle.storage import SUFFIX
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import BundleError, InputError, WeightsMissing
from engine.contract.events import Log
from engine.models.weights import WEIGHT_FILES, Weights, file_hash, find_weights
from engine.runs.environment import importable
from engine.runs.folders import cache_folder, models_folder, resources
from engine.runs.layout import RECIPE

_TUNE_PACKAGES = ("torch", "transformers", "onnx", "onnxscript")


def bundle_for(reference: str, emit: Emit, cancel: CancelToken, job_id: str) -> Bundle:
    """`reference` is a bundle, a run folder that holds one, the id of installed base weights, or a folder of them.

    Base weights: the bundle shipped beside them, else the one in the cache, else exported there now (tens of seconds,
    needs torch). Raises NotABundle, WrongVersion, WeightsMissing, InputError for a run that was not exported.
    """
    path = Path(reference).expanduser()
    if is_bundle(path):
        return Bundle.open(path)
    if path.is_dir() and (path / RECIPE).is_file():
        made = [inner for inner in path.iterdir() if is_bundle(inner)]
        if made:
            return Bundle.open(max(made, key=lambda inner: inner.stat().st_mtime_ns))
        raise InputError(
            f"{path} is a run, not a bundle.",
            hint=f"Export it first: tunevlseg export {path} --out {path.name}{SUFFIX}",
            field="bundle",
        )
    shipped = _shipped(reference, emit, job_id)
    if shipped is not None:
        return shipped
    looks_like_path = path.exists() or path.suffix.lower() == SUFFIX or path.is_absolute()
    if looks_like_path and not (path.is_dir() and (path / "config.json").is_file()):
        return Bundle.open(path)  # says what is wrong with it
    try:
        weights = find_weights(reference)
    except ImportError as error:
        # Recognising weights may need the network's own file, which needs torch.
        raise _not_installed(reference) from error
    return _cached(weights) or _exported(weights, emit, cancel, job_id)


def cached_bundle_path(weights: Weights) -> Path:
    """Where the bundle of these base weights is kept; the folder may be deleted at any time."""
    return cache_folder() / "bundles" / weights.sha256


def ready_bundle(weights: Weights) -> Bundle | None:
    """The bundle of these base weights that needs no export: shipped beside them, or kept in the cache."""
    for path in (weights.path / f"{weights.path.name}{SUFFIX}", weights.path / "bundle"):
        try:
            bundle = Bundle.open(path) if is_bundle(path) else None
        except BundleError:
            continue
        if bundle is not None and bundle.manifest.model.sha256 == weights.sha256:
            return bundle
    return _cached(weights)


def _shipped(reference: str, emit: Emit, job_id: str) -> Bundle | None:
    """The bundle beside installed weights, by id or by their folder; needs no torch."""
    folders = [root / reference for root in (resources() / "models", models_folder())]
    for folder in [*folders, Path(reference).expanduser()]:
        for path in (folder / f"{folder.name}{SUFFIX}", folder / "bundle"):
            if not is_bundle(path):
                continue
            bundle = Bundle.open(path)
            files = [folder / name for name in WEIGHT_FILES if (folder / name).is_file()]
            if not files or file_hash(files[0]) == bundle.manifest.model.sha256:
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
    missing = [name for name in _TUNE_PACKAGES if not importable(name)]
    if missing:
        raise _not_installed(weights.id, missing)
    # Heavy: only where it is needed.
    from engine.export.base_model import export_base

    emit(Log(job_id, f"{weights.id} is used for the first time: exporting it once."))
    out = cached_bundle_path(weights)
    export_base(weights, {"fp32": out}, emit, cancel, job_id=job_id, overwrite=True)
    return Bundle.open(out)


def _not_installed(reference: str, missing: Sequence[str] = ("torch",)) -> WeightsMissing:
    return WeightsMissing(
        f"{reference} must be exported before it can segment, and {', '.join(missing)} is not installed.",
        hint='Install the rest with: pip install "tunevlseg[tune]"; or use a bundle exported elsewhere.',
    )
