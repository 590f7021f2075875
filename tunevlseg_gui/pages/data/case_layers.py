"""One case as it is seen large: its scan, a layer for each label, and where most of them is. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from tunevlseg_gui.dataset import Label
from tunevlseg_gui.viewer.mask_overlay import MOST_LAYERS, Colour, Layer
from tunevlseg_gui.viewer.scan import ViewedScan, map_array, scan_of_result


@dataclass(frozen=True)
class CaseLayers:
    """`layers` with their labels' values; `fullest_zyx` as `fullest` finds it, so that each plane can show its own."""

    scan: ViewedScan
    layers: list[tuple[int, Layer]]
    fullest_zyx: tuple[int, int, int] | None


def read_case(path: Path, result: dict[str, Any], labels: list[Label], *, binary: bool) -> CaseLayers:
    """What an OpenCase job prepared, a layer for each label that is marked (the first MOST_LAYERS).

    Reads whole masks: for a pool thread. Raises ScanUnreadable where the prepared files cannot be used.
    """
    scan = scan_of_result(path, result)
    folder = Path(str(result["folder"]))
    arrays: list[tuple[NDArray[Any], set[int]]] = [
        (map_array(folder / str(layer["file"])), {int(value) for value in layer["voxels"]})
        for layer in result.get("layers") or []
    ]
    layers: list[tuple[int, Layer]] = []
    for known in labels:
        levels: NDArray[np.uint8] | None = None
        for values, present in arrays:
            if known.value in present or (binary and present):
                here = ((values > 0) if binary else (values == known.value)).view(np.uint8) * np.uint8(255)
                levels = here if levels is None else np.maximum(levels, here)
        if levels is not None and len(layers) < MOST_LAYERS:
            layers.append((known.value, Layer(known.name, levels, rgb(known.colour))))
    return CaseLayers(scan, layers, fullest([layer.levels for _, layer in layers]))


def fullest(masks: list[NDArray[np.uint8]]) -> tuple[int, int, int] | None:
    """Slice number along z, y and x with most voxels above 0 in all masks together; None where none is."""
    counts = [np.zeros(0, np.int64)] * 3
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = [np.count_nonzero(mask, axis=others) for mask in masks]
        counts[axis] = np.sum(found, axis=0) if found else counts[axis]
    if not counts[0].any():
        return None
    z, y, x = (int(along.argmax()) for along in counts)
    return z, y, x


def rgb(colour: str) -> Colour:
    """Of #RRGGBB."""
    found = QColor(colour)
    return found.red(), found.green(), found.blue()
