"""Frames of a series shown as they are decoded: from the middle outwards, since a viewer begins there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.volumes.dicom import pixels
from engine.volumes.dicom.frames import Frame
from engine.volumes.early import EarlySlices
from engine.volumes.geometry import Geometry


class EarlyFrames:
    """Puts grey frames, in the order of the volume, into `early` in their unit; leaves out what needs more than that.

    Tables of grey values and colours, and values of which low is bright, are shown once all is read.
    """

    def __init__(self, early: EarlySlices, frames: Sequence[Frame], geometry: Geometry | None) -> None:
        self._early, self._frames, self._geometry = early, frames, geometry
        self._begun = self._refused = False

    def put(self, index: int, stored: NDArray[Any], dataset: Any) -> None:
        """`stored` [rows, columns], not yet rescaled, is frame `index`; `dataset` is its file's."""
        if not self._begun:
            self._begin(stored, dataset)
        if self._refused:
            return
        frame = self._frames[index]
        if (frame.slope, frame.intercept) == (1.0, 0.0):
            self._early.put(index, stored)
        else:
            self._early.put(index, stored.astype(np.float64) * frame.slope + frame.intercept)

    def _begin(self, stored: NDArray[Any], dataset: Any) -> None:
        self._begun = True
        plain = stored.ndim == 2 and stored.dtype.kind in "iuf" and "ModalityLUTSequence" not in dataset
        if not plain or dataset.get("PhotometricInterpretation") != "MONOCHROME2":
            self._refused = True
            return
        shape = (len(self._frames), int(stored.shape[0]), int(stored.shape[1]))
        window = self._frames[len(self._frames) // 2].window
        self._early.begin(shape, pixels.kind_of_all(stored.dtype, dataset, self._frames), self._geometry, window)


def middle_first(count: int) -> list[int]:
    """0 … count - 1 by their distance from the middle: 5 → 2, 1, 3, 0, 4."""
    return sorted(range(count), key=lambda index: (abs(index - count // 2), index))
