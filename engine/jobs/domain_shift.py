"""How far a dataset lies from what a model knows: a number, what it means, and a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import DatasetIncomplete, InputError
from engine.contract.events import Log
from engine.contract.jobs import DomainShift
from engine.contract.whole_file import write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.assemble import Listener, Network
    from engine.insight.pictures import Pictures
    from engine.insight.reference import Reference

UNKNOWN = "Unknown: nobody can say what this model knows."
NAME_ONE = "Name a folder of pictures like those that it was trained on."
LEAST = 2
MAPPED = 150
_SIDE = 96


def run(job: DomainShift, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises RecipeError, WeightsMissing, DatasetIncomplete, InputError for a reference of too few pictures, DiskFull,
    Cancelled."""
    from engine.assemble import Listener
    from engine.export.base_model import base_preprocess
    from engine.insight import shift
    from engine.insight.energy import distance
    from engine.insight.features import phrase_features, picture_features
    from engine.insight.pictures import of_dataset
    from engine.insight.reference import shipped
    from engine.insight.untuned import open_untuned

    hear = Listener(emit, cancel, job_id)
    network, report = open_untuned(job.data, job.weights, job.seed, hear)
    reference = None if job.reference else shipped(network.weights.path, network.weights.sha256)
    if reference is None and not job.reference:
        return {"known": False, "words": UNKNOWN, "advice": "", "advised": NAME_ONE}
    pictures = of_dataset(report, base_preprocess(network.weights), emit, cancel, job_id)
    if len(pictures) < LEAST:
        raise DatasetIncomplete(
            f"{report.folder.name} has one image to look at: one alone has no distance.",
            hint="Add images, or share them out otherwise (data.split).",
            field="data.split",
        )
    features = picture_features(network, pictures, hear, "your images")
    seen = None
    if reference is None:
        reference, seen = _named(job, network, pictures, hear)
    found = distance(reference.views, features, pictures.groups, job.seed)
    places = []
    if reference.phrases is not None:
        said = list(dict.fromkeys(text for label in report.labels for text in label.texts))
        places = reference.phrases.place(said, phrase_features(network, said, hear))
    advice, advised = shift.advice(found, places, image_prompts=network.tuned.vlsm.sites.image_width is not None)
    patients = len(set(pictures.owners))
    return {
        "known": True,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "level": shift.level(found),
        "levels": [shift.MEDIUM, shift.HIGH],
        "images": len(pictures),
        "patients": patients,
        "words": shift.words(found, patients),
        "advice": advice,
        "advised": advised,
        "reference": reference.told,
        "phrases": shift.phrase_rows(places),
        "map": _map(job, reference, features, pictures, seen, cancel),
    }


def _named(job: DomainShift, network: Network, own: Pictures, hear: Listener) -> tuple[Reference, Pictures]:
    """The folder that the user named, and its pictures; what is in the dataset too says nothing and is left out."""
    from engine.export.base_model import base_preprocess
    from engine.insight.features import picture_features
    from engine.insight.pictures import of_folder
    from engine.insight.reference import of_pictures

    folder = Path(job.reference).expanduser()
    found = of_folder(folder, base_preprocess(network.weights), hear.emit, hear.cancel, hear.job_id)
    pictures = found.without(own)
    if len(pictures) < len(found):
        same = len(found) - len(pictures)
        told = f"{same} of {len(found)} pictures of the reference are in your dataset too, and are left out."
        hear.emit(Log(hear.job_id, told, "warning"))
    name = folder.resolve().name
    if not len(pictures):
        raise InputError(
            f"All pictures of {name} are in your dataset: they cannot say what this model knows.",
            hint="Name a folder of pictures like those that the model was trained on.",
            field="reference",
        )
    features = picture_features(network, pictures, hear, "the reference")
    return of_pictures(features, pictures.groups, name), pictures


def _map(
    job: DomainShift,
    reference: Reference,
    features: NDArray[np.float64],
    pictures: Pictures,
    seen: Pictures | None,
    cancel: CancelToken,
) -> dict[str, Any]:
    """Points of the dataset, then of the reference; `pictures`: .npy uint8 [n, side, side, 3] of the first of them."""
    from engine.insight.maps import neighbours, principal

    known = reference.whole.sample[:MAPPED]
    rows = np.concatenate([reference.whole.projection(features), known])
    small = [pictures.images] if seen is None else [pictures.images, seen.images[:MAPPED]]
    drawn = ""
    if job.out:
        sheet = np.concatenate([_smaller(images) for images in small])
        drawn = str(write_whole(Path(job.out) / "map-pictures.npy", lambda path: _save(path, sheet)))
    return {
        "own": len(features),
        "cases": [*pictures.cases, *(() if seen is None else seen.cases[:MAPPED])],
        "slices": [*pictures.slices, *(() if seen is None else seen.slices[:MAPPED])],
        "pca": principal(rows).tolist(),
        "tsne": neighbours(rows, cancel).tolist(),
        "pictures": drawn,
    }


def _smaller(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[n, S, S, 3] → the same with sides of at most _SIDE or a little more, by leaving out pixels."""
    step = max(1, images.shape[1] // _SIDE)
    return images[:, ::step, ::step]


def _save(path: Path, sheet: NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        np.save(file, sheet)
