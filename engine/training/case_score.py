"""The score of one label in one case, collected slice by slice.

A case is a picture or a volume. Pixels of all its slices in the split are counted together. Surface metrics
(`engine.training.surfaces`) of a volume are taken in three dimensions, on its own grid and in millimetres, where every
slice was scored: a border between slices is one like any other, and a missed end of an organ is as far away as it is.
Of a volume with only some slices in the split (those with a label, each n-th, a slab), borders in three dimensions
would run through the gaps: there each slice is measured by itself, in millimetres, and the case has the mean over its
slices. Pictures are measured in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import OriginalSlice
from engine.training.surfaces import surface_distances

_PIXELS = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Surface:
    """Surface metrics of one label in one case.

    `hd95` in `unit`, None where undefined; `dimensions` 3: the whole volume, 2: a picture, or the mean over slices;
    `undefined`: how many of its parts (the volume, or the slices) have no HD95, because one of the masks is empty.
    """

    hd95: float | None
    nsd: float
    unit: str  # mm | px
    dimensions: int
    undefined: int


@dataclass(frozen=True, slots=True)
class Score:
    """One label in one case; both empty gives Dice and IoU of 1. `surface` None: MONAI is not installed."""

    case: str
    label: str
    slices: int
    truth_pixels: int
    answer_pixels: int
    overlap: int
    surface: Surface | None = None

    @property
    def dice(self) -> float:
        total = self.truth_pixels + self.answer_pixels
        return 2 * self.overlap / total if total else 1.0

    @property
    def iou(self) -> float:
        return self.overlap / self.union if self.union else 1.0

    @property
    def union(self) -> int:
        return self.truth_pixels + self.answer_pixels - self.overlap

    @property
    def hd95(self) -> float | None:
        return None if self.surface is None else self.surface.hd95

    @property
    def nsd(self) -> float | None:
        return None if self.surface is None else self.surface.nsd

    @property
    def unit(self) -> str:
        """Of HD95; "" where no surface was measured."""
        return "" if self.surface is None else self.surface.unit


@dataclass
class CaseTally:
    """One label of the case that is being scored. `tolerance` of the surface Dice; None: no surface metrics."""

    case: str
    label: str
    tolerance: float | None
    slices: int = 0
    _truth: int = 0
    _answer: int = 0
    _overlap: int = 0
    _spacing: tuple[float, float, float] | None = None
    _flat: list[tuple[float | None, float]] = field(default_factory=list)
    # A volume's masks, eight pixels a byte: many labels of a large scan are held at once.
    _stack: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = field(default_factory=list)
    _shape: tuple[int, int] = (0, 0)

    def add(self, original: OriginalSlice, truth: NDArray[np.bool_], answer: NDArray[np.bool_]) -> None:
        """A slice of the case, in order: masks [h, w] at its own size."""
        self.slices += 1
        self._truth += int(truth.sum())
        self._answer += int(answer.sum())
        self._overlap += int((truth & answer).sum())
        if self.tolerance is None:
            return
        self._spacing = original.spacing
        self._shape = (truth.shape[0], truth.shape[1])
        if original.whole and original.spacing is not None:
            self._stack.append((np.packbits(truth), np.packbits(answer)))
        else:
            self._measure_flat(truth, answer)

    def score(self) -> Score:
        return Score(
            self.case, self.label, self.slices, self._truth, self._answer, self._overlap, self._surface()
        )  # fmt: skip

    def _surface(self) -> Surface | None:
        if self.tolerance is None:
            return None
        unit = "px" if self._spacing is None else "mm"
        truth, answer = (self._unpacked(at) for at in range(2))
        if len(self._stack) > 1:
            hd95, nsd = surface_distances(truth, answer, self._spacing or _PIXELS, self.tolerance)
            return Surface(hd95, nsd, unit, 3, int(hd95 is None))
        if self._stack:
            # A volume of one slice: in three dimensions all of it would be border.
            self._measure_flat(truth[0], answer[0])
        known = [hd95 for hd95, _ in self._flat if hd95 is not None]
        return Surface(
            hd95=float(np.mean(known)) if known else None,
            nsd=float(np.mean([nsd for _, nsd in self._flat])),
            unit=unit,
            dimensions=2,
            undefined=len(self._flat) - len(known),
        )

    def _measure_flat(self, truth: NDArray[np.bool_], answer: NDArray[np.bool_]) -> None:
        spacing = (self._spacing or _PIXELS)[1:]
        self._flat.append(surface_distances(truth, answer, spacing, self.tolerance or 0.0))

    def _unpacked(self, which: int) -> NDArray[np.bool_]:
        """Truth (0) or answer (1) of the stack, [n, h, w]."""
        height, width = self._shape
        volume = np.zeros((len(self._stack), height, width), np.bool_)
        for at, pair in enumerate(self._stack):
            volume[at] = np.unpackbits(pair[which], count=height * width).reshape(height, width)
        return volume
