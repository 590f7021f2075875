"""How far the border of an answer lies from that of the truth: HD95 and the normalised surface Dice, by MONAI.

Definitions, for masks of one label in two or three dimensions:
- HD95: of each mask's border pixels (those with a neighbour outside the mask, by edges) the distance of their centres
  to the nearest border pixel of the other mask; its 95th percentile in each direction, of which the larger counts
  (MONAI's `compute_hausdorff_distance`). The published system computes no surface metric.
- NSD: the share of both borders, by length or area, that lies within `tolerance` of the other border (Nikolov et al.,
  2021; MONAI's `compute_surface_dice` with `use_subvoxels`, which measures borders as DeepMind's surface-distance).

Empty masks: truth and answer both empty is a perfect answer, HD95 0 and NSD 1. Where only one is empty NSD is 0, and
HD95 is undefined (there is no border to measure to): it is left blank and counted, since any number in its place
(the image's diagonal, or nothing at all) would decide the mean. Metrics Reloaded (Maier-Hein, Reinke et al., 2024)
asks for the rule and the number of such cases to be reported beside the mean.
"""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

PERCENTILE = 95
DEFAULT_TOLERANCE = 2.0
# A distance of twenty steps of 0.1 mm is 2.0000002 mm in single precision, and still within 2 mm.
_ROUNDING = 1e-5


def surfaces_available() -> bool:
    """Whether MONAI and torch are installed (the extra `tune`); without them bundles are scored by overlap alone."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "scipy", "monai"))


def surface_distances(
    truth: NDArray[np.bool_], answer: NDArray[np.bool_], spacing: tuple[float, ...], tolerance: float
) -> tuple[float | None, float]:
    """(HD95, NSD) of two masks [h, w] or [n, h, w]; `spacing` of pixels along each axis, in the unit of `tolerance`.

    Empty masks: see above. Raises ValueError for masks of different shapes or a spacing of another length.
    """
    if truth.shape != answer.shape or len(spacing) != truth.ndim:
        raise ValueError(f"masks of {truth.shape} and {answer.shape} with {len(spacing)} spacings")
    if not truth.any() or not answer.any():
        both = bool(truth.any()) == bool(answer.any())
        return (0.0, 1.0) if both else (None, 0.0)
    # Importing MONAI takes a second, and only scoring needs it.
    import torch
    from monai.metrics import compute_hausdorff_distance, compute_surface_dice

    box = _around(truth | answer)
    pair = [torch.from_numpy(np.ascontiguousarray(mask[box]))[None, None] for mask in (answer, truth)]
    step = tuple(float(value) for value in spacing)
    common: dict[str, Any] = {"include_background": True, "spacing": step}
    with warnings.catch_warnings():
        # MONAI 1.6 warns of an argument that it passes to itself.
        warnings.simplefilter("ignore", FutureWarning)
        hd95 = compute_hausdorff_distance(*pair, percentile=PERCENTILE, **common)
        within = [tolerance * (1 + _ROUNDING)]
        nsd = compute_surface_dice(*pair, class_thresholds=within, use_subvoxels=True, **common)
    return float(hd95), float(nsd)


def _around(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The smallest box that holds a mask with something in it; what lies outside it is empty in both masks."""
    box = []
    for axis in range(mask.ndim):
        filled = np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
        box.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return tuple(box)
