"""Label values of a mask file, counted; lossy and smoothed masks are cut at one half, and that is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.volumes.mask_values import binary_or_labels
from engine.volumes.volume import Volume

_MANY_OBJECTS = 20
_LOSSY_NOTE = "The mask is a JPEG, which blurs its values; those above one half (127) count as marked."
_SMOOTHED_NOTE = "The mask has grey borders; values above one half (127) count as marked."


@dataclass(frozen=True)
class MaskValues:
    """Values [z, y, x] with the voxels that each value above 0 has. `cut`: greys were cut at one half, into 0 and 1."""

    voxels: NDArray[Any]
    counts: Mapping[int, int]
    cut: bool = False
    notes: tuple[str, ...] = ()
    cut_note: str = ""
    picture: bool = True

    @property
    def looks_like_objects(self) -> bool:
        """Many values with hardly a gap in a picture (of any number of pages): each object has a number of its own."""
        many = self.picture and len(self.counts) > _MANY_OBJECTS
        return many and max(self.counts) <= len(self.counts) * 2


def cleaned(mask: Volume) -> MaskValues:
    """What `read_mask` gave, greys of lossy or resized masks taken away.

    A plain {0, 255} is left as it is: whether 255 is a label of its own depends on the other masks of the dataset.
    """
    values, note = binary_or_labels(mask.voxels, lossy=mask.lossy)
    if note is None:
        return MaskValues(mask.voxels, value_counts(mask.voxels), notes=mask.notes, picture=mask.is_picture)
    # One wording for all files, so that a hundred such masks make one line of the report.
    told = _LOSSY_NOTE if mask.lossy else _SMOOTHED_NOTE
    return MaskValues(values, value_counts(values), cut=True, notes=mask.notes, cut_note=told, picture=mask.is_picture)


def value_counts(voxels: NDArray[Any]) -> dict[int, int]:
    """Value above 0 → number of voxels; `voxels` uint8 or uint16."""
    # Most masks hold one value: counting only that one is ten times as fast.
    top = voxels.max(initial=0)
    marked = int(np.count_nonzero(voxels))
    if marked == int(np.count_nonzero(voxels == top)) or not marked:
        return {int(top): marked} if marked else {}
    counts = np.bincount(voxels.ravel())
    return {int(value): int(counts[value]) for value in np.flatnonzero(counts) if value > 0}
