"""What can be mended of a mask without a person's eye: each repair gives new label numbers, or says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import InputError
from engine.data.mask_values import cleaned
from engine.volumes.preflight import preflight, repaired
from engine.volumes.volume import Volume


@dataclass(frozen=True)
class Mended:
    """`labels` [z, y, x] on the scan's grid, None where nothing need be done; `preflight` of geometry, plain values."""

    labels: NDArray[Any] | None
    how: str
    did: str = ""
    preflight: dict[str, Any] = field(default_factory=dict)


Mend = Callable[[Volume, Volume, str], Mended]
"""`mend(scan, mask, how)`; raises EngineError where it does not fit."""


def geometry(scan: Volume, mask: Volume, how: str) -> Mended:
    """The mask on its scan's grid; `how` as in `engine.volumes.preflight`, "" for the best that the headers allow.

    Raises GridMismatch where none is offered.
    """
    found = preflight(scan, mask)
    if found.same:
        return Mended(None, how, preflight=found.to_dict())
    chosen = how or (found.offers[0].repair if found.offers else "")
    labels = repaired(scan, mask, chosen)
    did = next(offer.does for offer in found.offers if offer.repair == chosen)
    return Mended(labels, chosen, did, found.to_dict())


def lossless(scan: Volume, mask: Volume, how: str) -> Mended:
    """The values that were cut at one half, stored so that nothing need be cut again."""
    del scan
    found = cleaned(mask)
    if not found.cut and not mask.lossy:
        return Mended(None, how)
    labels = found.voxels if not found.cut else _two(found.voxels > 0, mask)
    return Mended(labels, "lossless", "values above one half (127) stored as marked, the others as background")


def invert(scan: Volume, mask: Volume, how: str) -> Mended:
    """Background and structure exchanged. Raises InputError for a mask of several labels."""
    del scan, how
    found = cleaned(mask)
    if len(found.counts) > 1:
        raise InputError(
            f"The mask holds {len(found.counts)} values; only a mask of one structure can be inverted.",
            hint="Look at the mask: what is background is not known.",
        )
    return Mended(_two(found.voxels == 0, mask), "invert", "marked and unmarked exchanged")


REPAIRS: Final[dict[str, Mend]] = {"geometry": geometry, "lossless": lossless, "invert": invert}
"""By `Problem.mending`."""


def _two(marked: NDArray[np.bool_], mask: Volume) -> NDArray[np.uint8]:
    """A picture's mask is written in black and white, so that a person sees it in any viewer."""
    return marked.astype(np.uint8) * np.uint8(255 if mask.is_picture else 1)
