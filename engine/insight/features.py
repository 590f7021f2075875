"""What a frozen model's image tower and text encoder say, as one row of numbers a picture or phrase.

A picture's row is the mean over its places of what the decoder reads (the reduced taps): the numbers that a tuned model
works with, and those that the cache of features holds anyway. Its tower works on batches of one size, as in a run, so
that a picture's numbers depend on the picture alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.assemble import Listener, Network
from engine.contract.control import Ticker
from engine.contract.errors import EngineError
from engine.data.batch import pixels
from engine.export.aside import aside
from engine.insight.pictures import Pictures
from engine.models.base import ImageFeatures
from engine.training.feature_bank import FeatureShape, as_bytes, as_row
from engine.training.feature_cache import FeatureCache, name_of
from engine.training.features import ENCODE_BATCH
from engine.training.image_sources import shared_cache
from engine.training.plan import Plan

_PHRASES_AT_ONCE = 64


def picture_features(network: Network, pictures: Pictures, hear: Listener, what: str) -> NDArray[np.float64]:
    """(n, d). Read from the cache of features where an earlier run or look has left them, and left there.

    Raises EngineError where the model gives something that is no number, Cancelled.
    """
    cache = shared_cache(
        network.tuned,
        pictures.preprocess,
        network.device,
        network.recipe.training,
        Plan(),
        network.weights.identity,
    )
    kept = None if cache is None else FeatureShape.from_values(cache.shape())
    found: list[NDArray[np.float64] | None] = [None] * len(pictures)
    names = [name_of(image) for image in pictures.images] if cache is not None else [""] * len(pictures)
    if cache is not None and kept is not None:
        for at, name in enumerate(names):
            hear.cancel.check()
            found[at] = _cached(cache, kept, name, network)
    lacking = [at for at, row in enumerate(found) if row is None]
    ticker = Ticker(hear.emit, hear.job_id, len(lacking), "images", f"encoding {what}")
    for start in range(0, len(lacking), ENCODE_BATCH):
        hear.cancel.check()
        some = lacking[start : start + ENCODE_BATCH]
        # A batch of a large model takes seconds on a processor: whoever cancels does not wait for it.
        features = aside(partial(_encoded, network, pictures, some), hear.cancel)
        rows = pooled(features)
        _keep(cache, features, [names[at] for at in some], network)
        for at, row in zip(some, rows, strict=False):
            found[at] = row
        ticker.step(len(some))
    rows = np.stack([row for row in found if row is not None])
    _check(rows, "pictures")
    return rows


def _encoded(network: Network, pictures: Pictures, some: Sequence[int]) -> ImageFeatures:
    """Of ENCODE_BATCH pictures, `some` of them first: the last digits depend on how many there are."""
    filled = np.resize(np.array(some, np.int64), ENCODE_BATCH)
    with torch.inference_mode():
        return network.tuned.seen(pixels(pictures, filled, network.device))


def _number_format(network: Network) -> torch.dtype:
    return torch.float16 if network.recipe.training.feature_numbers == "fp16" else torch.float32


def _cached(cache: FeatureCache, shape: FeatureShape, name: str, network: Network) -> NDArray[np.float64] | None:
    dtype = _number_format(network)
    content = cache.read(name, shape.numbers * dtype.itemsize)
    if content is None:
        return None
    row: NDArray[np.float64] = pooled(shape.features(as_row(content, dtype)[None]))[0]
    return row


def _keep(cache: FeatureCache | None, features: ImageFeatures, names: Sequence[str], network: Network) -> None:
    dtype = _number_format(network)
    shape = FeatureShape.of(features)
    if cache is None or not cache.room_for(len(names), shape.numbers * dtype.itemsize):
        return
    cache.write_shape(shape.to_values())
    for name, row in zip(names, shape.rows(features, dtype), strict=False):
        cache.write(name, as_bytes(row))


def pooled(features: ImageFeatures) -> NDArray[np.float64]:
    """Taps (B, places, width) or (B, width, h, w) → means over places, one after the other: (B, d)."""
    means = [tap.double().mean(dim=1 if tap.ndim == 3 else (2, 3)) for tap in features.taps]
    return _numbers(torch.cat(means, dim=1))


def phrase_features(network: Network, phrases: Sequence[str], hear: Listener) -> NDArray[np.float64]:
    """(n, joint width): what the text encoder says of each phrase, without learned words."""
    rows = []
    for start in range(0, len(phrases), _PHRASES_AT_ONCE):
        hear.cancel.check()
        ids, mask = network.tokens(phrases[start : start + _PHRASES_AT_ONCE])
        with torch.inference_mode():
            rows.append(_numbers(network.tuned.encode_phrases(ids, mask).embedding.double()))
    found = np.concatenate(rows)
    _check(found, "phrases")
    return found


def _numbers(values: Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.cpu().numpy()
    return found


def _check(rows: NDArray[np.float64], what: str) -> None:
    broken = int((~np.isfinite(rows)).any(axis=1).sum())
    if broken:
        raise EngineError(
            f"The model says something that is no number of {broken} of {len(rows)} {what}.",
            hint="Its weights are damaged, or of another kind than they say: import them again.",
            field="model.weights",
        )
