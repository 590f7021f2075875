"""What a model knows, as features: shipped beside the starters, or made of a folder that the user names.

`reference.safetensors` beside the weights holds a projection and, as it shows them, drawn pictures and phrases that it
was not made from; its metadata names the weights by their hash, so that it never speaks for others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from engine.contract.errors import InputError
from engine.contract.whole_file import write_bytes
from engine.insight.energy import Array, Projection, View
from engine.insight.phrase_distance import KnownPhrases

FILE = "reference.safetensors"
FORMAT = 1
LEAST_PICTURES = 20
LEAST_CASES = 4
_FOLDS = 4
_LEAST_SEEN = 3
"""Pictures that a view needs: of fewer nobody can say how far apart they usually are."""


@dataclass(frozen=True)
class Reference:
    """`views` of its pictures, to measure by; `whole`: all of them in one view, to look at; `phrases` where it has any;
    `told`: what it is, in words."""

    views: tuple[View, ...]
    whole: View
    phrases: KnownPhrases | None
    told: str


def shipped(folder: Path, sha256: str) -> Reference | None:
    """The reference beside the weights in `folder`; None where there is none for these weights."""
    try:
        with safe_open(folder / FILE, framework="numpy") as file:
            about = dict(file.metadata() or {})
            if about.get("format") != str(FORMAT) or about.get("weights") != sha256:
                return None
            held = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}  # noqa: SIM118
        texts = tuple(str(text) for text in json.loads(about["phrases"]))
        if not all(np.isfinite(value).all() for value in held.values()):
            return None
        pictures, words = Projection(held["mean"], held["basis"]), Projection(held["phrase_mean"], held["phrase_basis"])
        sample, known = held["sample"], held["phrase_sample"]
        if not (
            _fits(pictures, sample) and _fits(words, known) and len(texts) == len(known) and len(held["phrase_held"])
        ):
            return None
        view = View(pictures, sample, np.arange(len(sample)))
        return Reference((view,), view, KnownPhrases(words, known, texts, held["phrase_held"]), about.get("told", ""))
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _fits(projection: Projection, sample: Array) -> bool:
    return (
        projection.mean.ndim == 1
        and projection.basis.shape == (len(projection.mean), sample.shape[1])
        and len(sample) >= _LEAST_SEEN
    )


def write(reference: Reference, folder: Path, sha256: str) -> Path:
    """Writes a reference of one view with phrases beside the weights."""
    (view,), words = reference.views, reference.phrases
    assert words is not None
    numbers = {
        "mean": view.projection.mean,
        "basis": view.projection.basis,
        "sample": view.sample,
        "phrase_mean": words.projection.mean,
        "phrase_basis": words.projection.basis,
        "phrase_sample": words.sample,
        "phrase_held": words.held,
    }
    halved = ("sample", "phrase_sample")  # a thousandth of a standard deviation is far below what is told
    tensors = {
        name: np.ascontiguousarray(value, np.float16 if name in halved else np.float32)
        for name, value in numbers.items()
    }
    about = {"format": str(FORMAT), "weights": sha256, "told": reference.told, "phrases": json.dumps(list(words.texts))}
    return write_bytes(folder / FILE, save(tensors, metadata=about))


def of_pictures(features: Array, groups: NDArray[np.int64], told: str) -> Reference:
    """From features (n, d) of pictures; `groups` (n,) says whose case each is.

    In each of four views a quarter of the cases is seen by a projection that the others made: what a projection was
    made from lies closer together than new pictures do. Raises InputError for too few pictures.
    """
    names = np.unique(groups)
    if len(features) < LEAST_PICTURES or len(names) < LEAST_CASES:
        raise InputError(
            f"{told} holds {_count(len(features), 'picture')} of {_count(len(names), 'case')}: "
            "too few to say what is usual among them.",
            hint=f"Name a folder with at least {LEAST_PICTURES} pictures of {LEAST_CASES} cases.",
            field="reference",
        )
    parts = np.random.default_rng(0).permutation(len(names)) % _FOLDS
    fold = parts[np.searchsorted(names, groups)]
    views = [
        View(projection, projection(features[fold == part]), groups[fold == part])
        for part in range(_FOLDS)
        if (fold == part).sum() >= _LEAST_SEEN
        for projection in (Projection.of(features[fold != part]),)
    ]
    everything = Projection.of(features)
    return Reference(tuple(views), View(everything, everything(features), groups), None, told)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
