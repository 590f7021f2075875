"""Where a run holds image features: on the GPU, in memory, or in the files of the cache."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.base import ImageFeatures
from engine.training.feature_cache import FeatureCache
from engine.training.memory import available_bytes

Place = Literal["gpu", "memory", "disk", "nowhere"]
PLACES: tuple[Place, ...] = ("gpu", "memory", "disk", "nowhere")
"""From fast to slow."""
_SHARE_OF_GPU = 0.4
_SHARE_OF_MEMORY = 0.5


class FeatureShape:
    """How the features of one image lie in a row of numbers: its taps one after the other, then the pooled feature."""

    def __init__(self, taps: list[tuple[int, ...]], pooled: int | None) -> None:
        self.taps = taps
        self.pooled = pooled
        sizes = [math.prod(shape) for shape in taps]
        self._cuts = sizes if pooled is None else [*sizes, pooled]
        self.numbers = sum(self._cuts)

    @classmethod
    def of(cls, example: ImageFeatures) -> FeatureShape:
        pooled = None if example.pooled is None else int(example.pooled.shape[1])
        return cls([tuple(tap.shape[1:]) for tap in example.taps], pooled)

    def to_values(self) -> dict[str, object]:
        return {"taps": [list(shape) for shape in self.taps], "pooled": self.pooled}

    @classmethod
    def from_values(cls, values: object) -> FeatureShape | None:
        """The inverse of `to_values`; None for anything else."""
        if not isinstance(values, dict):
            return None
        taps, pooled = values.get("taps"), values.get("pooled")
        if not isinstance(taps, list) or not taps or not all(isinstance(shape, list) and shape for shape in taps):
            return None
        sides = [side for shape in taps for side in shape] + ([] if pooled is None else [pooled])
        if not all(isinstance(side, int) and side > 0 for side in sides):
            return None
        return cls([tuple(shape) for shape in taps], pooled)

    def rows(self, features: ImageFeatures, dtype: torch.dtype) -> Tensor:
        """(B, numbers)."""
        parts = [tap.flatten(1) for tap in features.taps]
        if features.pooled is not None:
            parts.append(features.pooled)
        # Filled, not concatenated: within bf16 autocast torch concatenates no fp16.
        found = torch.empty(len(features), self.numbers, dtype=dtype, device=parts[0].device)
        for place, part in zip(torch.split(found, self._cuts, dim=1), parts, strict=True):
            place.copy_(part)
        return found

    def features(self, rows: Tensor, dtype: torch.dtype = torch.float32) -> ImageFeatures:
        """The inverse of `rows`."""
        parts = torch.split(rows.to(dtype), self._cuts, dim=1)
        taps = tuple(torch.unflatten(part, 1, shape) for part, shape in zip(parts, self.taps, strict=False))
        return ImageFeatures(taps, parts[-1] if self.pooled is not None else None)


class FeatureBank:
    """Rows of features by number; `names` are those of their entries in the cache."""

    def __init__(
        self, place: Place, capacity: int, shape: FeatureShape, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.place = place
        self.shape = shape
        self.dtype = dtype
        self.names: list[str] = []
        self._device = device
        self._held: Tensor | None = None
        if place in ("gpu", "memory"):
            where = device if place == "gpu" else torch.device("cpu")
            self._held = torch.empty(capacity, shape.numbers, dtype=dtype, device=where)

    @property
    def row_bytes(self) -> int:
        return self.shape.numbers * self.dtype.itemsize

    def add(self, name: str, row: Tensor) -> int:
        """Takes in one row (numbers,); its number. On disk the cache must have it."""
        if self._held is not None:
            if len(self.names) == len(self._held):
                # Only in a run that was given more epochs than it began with, and so more views of its images.
                self._held = torch.cat([self._held, torch.empty_like(self._held)])
            self._held[len(self.names)].copy_(row, non_blocking=True)
        self.names.append(name)
        return len(self.names) - 1

    def on_disk(self) -> FeatureBank:
        """The same rows, read from the cache from now on."""
        found = FeatureBank("disk", 0, self.shape, self.dtype, self._device)
        found.names = self.names
        return found

    def rows(self, numbers: Tensor, cache: FeatureCache | None) -> Tensor | None:
        """(B, numbers) on the device; None where the cache has lost one of them since."""
        if self.place == "gpu":
            assert self._held is not None
            return self._held.index_select(0, numbers.to(self._device, non_blocking=True))
        if self._held is not None:
            found = self._held.index_select(0, numbers)
        else:
            assert cache is not None
            found = torch.empty(len(numbers), self.shape.numbers, dtype=self.dtype)
            for place, number in enumerate(numbers.tolist()):
                # Checked when it came into the bank; a file that is replaced since is a whole one again.
                content = cache.read(self.names[number], self.row_bytes, check=False)
                if content is None:
                    return None
                found[place] = as_row(content, self.dtype)
        if self._device.type == "cuda":
            found = found.pin_memory()
        return found.to(self._device, non_blocking=True)


def as_row(content: NDArray[np.uint8], dtype: torch.dtype) -> Tensor:
    """Bytes of an entry as numbers; a copy."""
    return torch.from_numpy(np.array(content)).view(dtype)


def as_bytes(row: Tensor) -> NDArray[np.uint8]:
    """The inverse of `as_row`."""
    found: NDArray[np.uint8] = row.detach().cpu().contiguous().view(torch.uint8).numpy()
    return found


def choose_place(wanted: str, total: int, device: torch.device, *, on_disk: bool) -> Place:
    """The fastest place where `total` bytes fit; `wanted`: auto, or one of the places. `on_disk`: they fit there."""
    fits: dict[Place, bool] = {
        "gpu": device.type == "cuda" and total <= _SHARE_OF_GPU * available_bytes(device),
        "memory": total <= _SHARE_OF_MEMORY * available_bytes(torch.device("cpu")),
        "disk": on_disk,
        "nowhere": True,
    }
    first = PLACES.index(wanted) if wanted in PLACES else 0
    return next(place for place in PLACES[first:] if fits[place])
