"""Masks that the window hands over as .npy files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import GridMismatch, InputError
from engine.volumes.volume import Volume


def check_names(masks: Sequence[str], prompts: Sequence[str]) -> None:
    """Raises InputError unless there are masks, each with a name of its own."""
    if not masks or len(masks) != len(prompts):
        raise InputError("There is no mask, or not a name for each.", hint="Show at least one mask.")
    if len(set(prompts)) < len(prompts) or not all(prompt.strip() for prompt in prompts):
        raise InputError("Two masks have the same name, or one has none.", hint="Give each its own.", field="prompts")


def given_mask(path: Path, scan: Volume) -> NDArray[np.bool_]:
    """bool [z, y, x] on the scan's grid. Raises InputError, GridMismatch."""
    try:
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"The mask {path.name} is no longer there.", hint="Save again.") from error
    if stored.dtype not in (np.bool_, np.uint8):
        raise InputError(f"{path.name} holds no mask ({stored.dtype}).", hint="Give bool or uint8.", field="masks")
    if tuple(stored.shape) != scan.shape_zyx:
        raise GridMismatch(
            "The edited mask does not lie on the grid of the scan, which was changed meanwhile.",
            hint="Open the scan again; a mask is written only on the grid of the scan it was made on.",
        )
    return np.asarray(stored != 0)
