"""One phrase's answer on a scan: probabilities, the mask that they make, and whether the phrase was found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import BundleLabel
from engine.inference.axis import Axis
from engine.inference.refine import NOTHING, Refinement, refine
from engine.volumes.geometry import Geometry


@dataclass(frozen=True)
class Answer:
    """One phrase on one volume: `levels` uint8 [z, y, x] are probabilities as engine.bundle.levels stores them."""

    asked: str  # as the user typed it
    phrase: str  # as the model was given it: a label's own words, where a label was asked for
    levels: NDArray[np.uint8]
    threshold: float
    label: BundleLabel | None = None
    cut: str | None = None  # which words the model was not given, where the phrase was too long
    label_used: str | None = None  # whose learned words the phrase was asked with, where labels have their own
    voxel_ml: float | None = None  # volume of one voxel; None for pictures
    presence: float = 1.0  # score of engine.bundle.presence; below `presence_cut` it names nothing in the scan
    presence_cut: float = 0.0
    calibrated: bool = False  # the cut was calibrated on validation images; else it is the threshold
    refinement: Refinement = NOTHING
    geometry: Geometry | None = None

    @property
    def mask(self) -> NDArray[np.bool_]:
        """[z, y, x], refined; empty where the phrase was not found, instead of speckle. A new array each time."""
        if self.presence < self.presence_cut:
            return np.zeros(self.levels.shape, dtype=np.bool_)
        bits = np.unpackbits(self._bits, count=self.levels.size)
        return bits.view(np.bool_).reshape(self.levels.shape)

    def mask_planes(self) -> Iterator[NDArray[np.bool_]]:
        """The mask's planes [y, x] one after another, so that many masks need not be unpacked at once."""
        planes, *shape = self.levels.shape
        size = math.prod(shape)
        for z in range(planes):
            if self.presence < self.presence_cut:
                yield np.zeros(shape, dtype=np.bool_)
                continue
            first, after = z * size, (z + 1) * size
            bits = np.unpackbits(self._bits[first // 8 : -(-after // 8)])[first % 8 :][:size]
            yield bits.view(np.bool_).reshape(shape)

    @cached_property
    def _bits(self) -> NDArray[np.uint8]:
        """One bit a voxel: the masks of many phrases on a large scan would fill the memory."""
        return np.packbits(refine(self.levels, self.threshold, self.refinement, self.geometry))

    @cached_property
    def voxels(self) -> int:
        return 0 if self.presence < self.presence_cut else int(np.bitwise_count(self._bits).sum())

    @property
    def found(self) -> bool:
        return self.voxels > 0

    @property
    def volume_ml(self) -> float | None:
        return None if self.voxel_ml is None else self.voxels * self.voxel_ml

    @property
    def highest(self) -> float:
        """The highest probability anywhere: how near a phrase that was not found came to the threshold."""
        return float(self.levels.max(initial=0)) / 255.0


@dataclass(frozen=True)
class Segmentation:
    """The answers in the order of the phrases."""

    answers: tuple[Answer, ...]
    plane: Axis
    slices: int  # that were looked at, in all planes
    provider: str
    seconds: float
    note: str | None = None  # what a person should know about the grey levels
    air: int = 0  # slices of these that were not asked, since they show air only
