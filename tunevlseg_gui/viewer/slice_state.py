"""What is looked at and how: plane, slice, window, layers, opacity. No Qt; the widgets draw what this says."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bundle.levels import threshold_level
from engine.volumes.slicing import Plane, SliceStack
from tunevlseg_gui.viewer.mask_overlay import Layer, bits_of, compose, outline_lines
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel

OPACITY = 0.45
OPACITY_STEP = 0.1
MOST_LINES = 10_000
WINDOW_OF_NOTHING = WindowLevel(128, 256)


class SliceState:
    """One scan in one plane at one slice. Changing it changes nothing on disk and copies no volume."""

    def __init__(self) -> None:
        self.scan: ViewedScan | None = None
        self.plane: Plane = "axial"
        self.index = 0
        self.window = WINDOW_OF_NOTHING
        self.opacity = OPACITY
        self.threshold = 0.5
        self.overlay_on = True
        self.outline = False
        self.crosshair = False
        self.cursor_zyx = (0.0, 0.0, 0.0)
        self.layers: list[Layer] = []
        self._stacks: dict[Plane, SliceStack] = {}

    # what is shown

    def open(self, scan: ViewedScan) -> None:
        """Another scan, at the middle slice; layers of the last one are gone."""
        self.scan = scan
        self.layers = []
        self._stacks = {}
        self.window = scan.window
        z, y, x = scan.shape_zyx
        self.cursor_zyx = ((z - 1) / 2, (y - 1) / 2, (x - 1) / 2)
        self.crosshair = False
        if scan.is_picture:
            self.plane = "axial"
        self.index = len(self.stack) // 2

    def close(self) -> None:
        self.scan = None
        self.layers = []
        self._stacks = {}

    @property
    def stack(self) -> SliceStack:
        """The scan's slices in the plane; ValueError without a scan."""
        if self.scan is None:
            raise ValueError("no scan is open")
        if self.plane not in self._stacks:
            self._stacks[self.plane] = SliceStack(self.scan.voxels, self.scan.geometry, self.plane)
        return self._stacks[self.plane]

    @property
    def slices(self) -> int:
        return 0 if self.scan is None else len(self.stack)

    def set_plane(self, plane: Plane) -> None:
        """The same place in another plane: the slice through the cursor."""
        self.plane = plane
        if self.scan is not None:
            self.index = self._kept(round(self.stack.pixel_of(self.cursor_zyx)[0]))

    def set_index(self, index: int) -> None:
        if self.scan is None:
            return
        self.index = self._kept(index)
        _, row, column = self.stack.pixel_of(self.cursor_zyx)
        self.cursor_zyx = self.stack.voxel_of(self.index, row, column)

    def step(self, slices: int) -> None:
        self.set_index(self.index + slices)

    def put_cursor(self, row: float, column: float) -> None:
        """The crosshair's place on this slice, kept within it."""
        if self.scan is None:
            return
        height, width = self.stack.slice_shape
        self.cursor_zyx = self.stack.voxel_of(
            self.index, min(max(round(row), 0), height - 1), min(max(round(column), 0), width - 1)
        )
        self.crosshair = True

    @property
    def cursor_pixel(self) -> tuple[float, float]:
        """(row, column) of the crosshair."""
        _, row, column = self.stack.pixel_of(self.cursor_zyx)
        return row, column

    def _kept(self, index: int) -> int:
        return min(max(index, 0), max(self.slices - 1, 0))

    # window and level

    @property
    def has_window(self) -> bool:
        return self.scan is not None and not self.scan.is_colour

    @property
    def has_presets(self) -> bool:
        """Presets are in Hounsfield units: only where the scan has them."""
        return self.scan is not None and self.scan.unit == "HU"

    def drag_window(self, start: WindowLevel, right: float, down: float) -> None:
        if self.scan is not None and self.has_window:
            self.window = start.dragged(right, down, self.scan.window.width)

    def reset_window(self) -> None:
        if self.scan is not None:
            self.window = self.scan.window

    def use_preset(self, number: int) -> None:
        """Number 0 is the first of CT_PRESETS."""
        if self.has_presets and 0 <= number < len(CT_PRESETS):
            self.window = CT_PRESETS[number][1]

    # layers

    def set_opacity(self, opacity: float) -> None:
        self.opacity = round(min(max(opacity, 0.0), 1.0), 2)

    @property
    def shown_layers(self) -> list[Layer]:
        return [layer for layer in self.layers if layer.visible] if self.overlay_on else []

    def _level_slices(self, layers: list[Layer]) -> list[NDArray[np.uint8]]:
        return [self.stack.like(layer.levels)[self.index] for layer in layers]

    def look_key(self) -> Hashable:
        """Differs whenever the slice would be painted with other pixels."""
        return (
            id(self.scan),
            self.plane,
            self.index,
            self.window,
            self.opacity,
            self.threshold,
            self.outline,
            tuple((id(layer), id(layer.levels), layer.revision, layer.colour) for layer in self.shown_layers),
        )

    def picture(self, outlined: Sequence[Layer] = ()) -> NDArray[np.uint32]:
        """This slice as 0xffRRGGBB [h, w], filled with the shown layers that are not `outlined`."""
        lined = {id(layer) for layer in outlined}
        layers = [layer for layer in self.shown_layers if id(layer) not in lined]
        bits = bits_of(self._level_slices(layers), threshold_level(self.threshold)) if layers else None
        colours = tuple(layer.colour for layer in layers)
        return np.ascontiguousarray(compose(self.stack[self.index], self.window, bits, colours, self.opacity))

    def outlines(self) -> list[tuple[Layer, NDArray[np.int64]]]:
        """Border lines of each shown layer on this slice, as `outline_lines` gives them; none where layers are filled.

        A mask of thousands of specks has no outline worth drawing: it stays filled.
        """
        if not self.outline:
            return []
        layers, level = self.shown_layers, threshold_level(self.threshold)
        drawn = [
            (layer, outline_lines(one >= level)) for layer, one in zip(layers, self._level_slices(layers), strict=True)
        ]
        return [(layer, lines) for layer, lines in drawn if len(lines) <= MOST_LINES]

    def mask_of(self, layer: Layer) -> NDArray[np.bool_]:
        """This layer's mask on this slice, [h, w]."""
        return np.asarray(self._level_slices([layer])[0] >= threshold_level(self.threshold))

    # what lies under the mouse

    def reading(self, row: float, column: float) -> str:
        """Position, voxel, value and phrases under a pixel, in words; empty outside of the slice."""
        if self.scan is None:
            return ""
        height, width = self.stack.slice_shape
        r, c = round(row), round(column)
        if not (0 <= r < height and 0 <= c < width):
            return ""
        z, y, x = (round(value) for value in self.stack.voxel_of(self.index, r, c))
        parts = []
        world = self.stack.world_of(self.index, r, c)
        if world is not None:
            parts.append(f"({_side(world[0], 'L', 'R')}, {_side(world[1], 'P', 'A')}, {_side(world[2], 'S', 'I')}) mm")
            parts.append(f"voxel {x}, {y}, {z}")
        else:
            parts.append(f"pixel {x}, {y}")
        parts.append(_value(self.scan.voxels[z, y, x], self.scan.unit))
        level = threshold_level(self.threshold)
        for layer in self.shown_layers:
            found = int(layer.levels[z, y, x])
            if found >= level:
                parts.append(f"{layer.phrase} {found / 255:.2f}")
        return "   ".join(parts)


def _side(value: float, positive: str, negative: str) -> str:
    return f"{positive if value >= 0 else negative} {abs(value):.1f}"


def _value(voxel: Any, unit: str) -> str:
    if np.ndim(voxel):
        return "RGB " + " ".join(str(int(channel)) for channel in voxel)
    return f"{voxel:g} {unit}".strip()
