"""Which pairs of an image and a label that it does not show take part in tuning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import SliceDataset


def taking_part(
    dataset: SliceDataset, positions: NDArray[np.int64], share: float, seed: int, epoch: int
) -> NDArray[np.bool_]:
    """Pairs [B, L] of the images at `positions` that count in the loss of this epoch.

    A pair whose truth is known and not empty always does; one with an empty truth by chance, with probability `share`,
    drawn from (seed, epoch, position) alone.
    """
    known: NDArray[np.bool_] = dataset.present[positions]
    if share >= 1:
        return known
    shown = dataset.areas[positions] > 0
    # A fourth number keeps these draws apart from those of the augmentation.
    drawn = np.stack(
        [np.random.default_rng([seed, epoch, int(position), 1]).random(known.shape[1]) for position in positions]
    )
    return known & (shown | (drawn < share))
