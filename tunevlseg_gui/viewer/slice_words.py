"""What a slice says in words: where it lies, what is under the mouse, what its colours mean, how a comparison ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.bundle.levels import threshold_level
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.comparison import COLOURS as COMPARED
from tunevlseg_gui.viewer.comparison import NAMES as COMPARED_NAMES
from tunevlseg_gui.viewer.comparison import dice_in_words
from tunevlseg_gui.viewer.mask_overlay import Colour
from tunevlseg_gui.viewer.slice_state import SliceState

SIDES = (("L", "R"), ("P", "A"), ("S", "I"))
"""Letters of the growing and of the falling end of each world axis."""


def height_in_words(state: SliceState) -> str:
    """Where the slice lies in the body, such as "S 12.5 mm"; empty for pictures."""
    if state.scan is None:
        return ""
    height, width = state.stack.slice_shape
    world = state.stack.world_of(state.index, (height - 1) / 2, (width - 1) / 2)
    if world is None:
        return ""
    axis = {"sagittal": 0, "coronal": 1}.get(state.stack.display_plane, 2)
    return f"{_side(world[axis], *SIDES[axis])} mm"


def reading(state: SliceState, row: float, column: float) -> str:
    """Position, voxel, value and phrases under a pixel, in words; empty outside of the slice."""
    if state.scan is None:
        return ""
    height, width = state.stack.slice_shape
    r, c = round(row), round(column)
    if not (0 <= r < height and 0 <= c < width):
        return ""
    z, y, x = (round(value) for value in state.stack.voxel_of(state.index, r, c))
    parts = []
    world = state.stack.world_of(state.index, r, c)
    if world is not None:
        sides = ", ".join(_side(value, *letters) for value, letters in zip(world, SIDES, strict=True))
        parts.append(f"({sides}) mm")
        parts.append(translate("SliceWords", "voxel {x}, {y}, {z}").format(x=x, y=y, z=z))
    else:
        parts.append(translate("SliceWords", "pixel {x}, {y}").format(x=x, y=y))
    parts.append(_value(state.scan.voxels[z, y, x], state.scan.unit))
    level = threshold_level(state.threshold)
    for layer in state.shown_layers:
        found = int(layer.levels[z, y, x])
        if found >= level:
            parts.append(f"{layer.phrase} {found / 255:.2f}")
    if world is not None:
        x_mm, y_mm, z_mm = world
        told = ("RAS", -x_mm, -y_mm, z_mm) if state.shared.ras else ("LPS", x_mm, y_mm, z_mm)
        # + 0.0: what is rounded to -0.0 is told as 0.0.
        parts.append(" ".join([told[0], *(f"{round(value, 1) + 0.0:.1f}" for value in told[1:])]))
    return "   ".join(parts)


def comparison_words(state: SliceState) -> str:
    """Dice of this slice and of the whole scan; empty where nothing is compared."""
    comparison = state.comparison
    if comparison is None:
        return ""
    predicted, true = state.compared_slices(comparison)
    sizes = int(np.count_nonzero(predicted)) + int(np.count_nonzero(true))
    dice = 2 * int(np.count_nonzero(predicted & true)) / sizes if sizes else float("nan")
    whole = "…" if comparison.whole is None else dice_in_words(comparison.whole)
    return translate("SliceWords", "Dice: slice {dice_in_words}, whole {whole}").format(
        dice_in_words=dice_in_words(dice), whole=whole
    )


def legend(state: SliceState) -> list[tuple[Colour, str, bool]]:
    """Colour, name, and whether it is highlighted, of what the colours over the slice mean."""
    if state.comparison is not None:
        return [
            (colour, translate("Comparison", name), False)
            for colour, name in zip(COMPARED, COMPARED_NAMES, strict=True)
        ]
    layers = state.shown_layers
    if state.shared.heat and state.chosen_layer is not None:
        layers = [state.chosen_layer]
    return [(layer.colour, layer.phrase, layer is state.shared.highlighted) for layer in layers]


def _side(value: float, positive: str, negative: str) -> str:
    return f"{positive if value >= 0 else negative} {abs(value):.1f}"


def _value(voxel: Any, unit: str) -> str:
    if np.ndim(voxel):
        return "RGB " + " ".join(str(int(channel)) for channel in voxel)
    return f"{voxel:g} {unit}".strip()
