"""What the frozen image tower says of each image, kept where it never changes: text strategies then skip the tower."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.contract.control import CancelToken, Emit, Ticker
from engine.data.batch import Batch
from engine.data.loader import Loader
from engine.models.base import ImageFeatures
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel

ENCODE_BATCH = 16
MOST_BYTES = 2_000_000_000
"""Kept features of one split, at most; more than that are computed anew in every epoch."""


class ImageSource:
    """Image features of a batch: kept ones for unchanged images, fresh ones for the rest.

    Kept features are computed in the order of the dataset, in batches of a fixed size, so that a resumed run works
    with the very same numbers.
    """

    def __init__(self, model: TunedModel, loader: Loader, device: torch.device, *, keep: bool) -> None:
        self._model = model
        self._loader = loader
        self._device = device
        self._keep = keep and model.image_is_fixed
        self._taps: list[Tensor] | None = None
        self._pooled: Tensor | None = None

    def prepare(self, emit: Emit, cancel: CancelToken, job_id: str, stage: str) -> None:
        """Computes what is kept; does nothing where nothing may be kept or it would not fit."""
        count = len(self._loader.dataset)
        if not self._keep or count == 0:
            return
        plain = Loader(self._loader.dataset, ENCODE_BATCH, 0)
        ticker = Ticker(emit, job_id, count, "images", stage)
        with torch.no_grad():
            for batch in plain.epoch(1, self._device):
                cancel.check()
                features = self._model.encode_images(batch.images)
                if self._taps is None and not self._allocate(features, count):
                    return
                self._put(batch.positions.to(self._device), features)
                ticker.step(len(batch))

    def _allocate(self, features: ImageFeatures, count: int) -> bool:
        per_image = sum(tap[0].numel() * tap.element_size() for tap in features.taps)
        if per_image * count > MOST_BYTES:
            self._keep = False
            return False
        self._taps = [tap.new_empty(count, *tap.shape[1:]) for tap in features.taps]
        if features.pooled is not None:
            self._pooled = features.pooled.new_empty(count, features.pooled.shape[1])
        return True

    def _put(self, rows: Tensor, features: ImageFeatures) -> None:
        assert self._taps is not None
        for kept, tap in zip(self._taps, features.taps, strict=True):
            kept[rows] = tap
        if self._pooled is not None and features.pooled is not None:
            self._pooled[rows] = features.pooled

    def forget(self) -> bool:
        """Gives the memory of kept features back; False where nothing was kept."""
        held = self._taps is not None
        self._keep, self._taps, self._pooled = False, None, None
        return held

    def features(self, batch: Batch, prompts: Prompts | None = None) -> ImageFeatures:
        """Features of the batch with the image side of `prompts`, with gradients where the image side learns."""
        if self._taps is None:
            with torch.set_grad_enabled(torch.is_grad_enabled() and not self._model.image_is_fixed):
                return self._model.encode_images(batch.images, prompts)
        rows = batch.positions.to(self._device)
        taps = [kept[rows] for kept in self._taps]
        pooled = None if self._pooled is None else self._pooled[rows]
        if bool(batch.changed.any()):
            changed = batch.changed.to(self._device)
            with torch.no_grad():
                fresh = self._model.encode_images(batch.images[changed])
            for tap, new in zip(taps, fresh.taps, strict=True):
                tap[changed] = new
            if pooled is not None and fresh.pooled is not None:
                pooled[changed] = fresh.pooled
        return ImageFeatures(tuple(taps), pooled, 0)
