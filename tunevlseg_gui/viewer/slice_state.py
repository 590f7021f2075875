"""What is looked at and how: plane, slice, window, layers, opacity. No Qt; the widgets draw what this says."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bundle.levels import threshold_level
from engine.volumes.geometry import Vector
from engine.volumes.slicing import Plane, SliceStack
from tunevlseg_gui.viewer.comparison import COLOURS as COMPARED
from tunevlseg_gui.viewer.comparison import Comparison
from tunevlseg_gui.viewer.heat import compose_heat
from tunevlseg_gui.viewer.mask_overlay import Layer, bits_of, compose, outline_lines
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.shared_look import Shared, SharedLook
from tunevlseg_gui.viewer.slabs import Slabs, is_across
from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel

OPACITY_STEP = 0.1
MOST_LINES = 10_000


class SliceState:
    """One plane of what a SharedLook says. Changing it changes nothing on disk and copies no volume.

    Several planes with the same SharedLook are linked: the slice shown is the one through the common cursor.
    """

    scan = Shared[ViewedScan | None]()
    window = Shared[WindowLevel]()
    opacity = Shared[float]()
    threshold = Shared[float]()
    overlay_on = Shared[bool]()
    outline = Shared[bool]()
    crosshair = Shared[bool]()
    cursor_zyx = Shared[Vector]()
    layers = Shared[list[Layer]]()

    def __init__(self, shared: SharedLook | None = None, plane: Plane = "axial") -> None:
        self.shared = shared or SharedLook()
        self.plane: Plane = plane
        self._stacks: dict[tuple[Plane, bool], SliceStack] = {}
        self._stacked: ViewedScan | None = None
        self._slabs = Slabs()

    # what is shown

    def open(self, scan: ViewedScan) -> None:
        """Another scan, at the middle slice; layers of the last one are gone."""
        self.shared.open(scan)
        if scan.is_picture:
            self.plane = "axial"
        height, width = self.stack.slice_shape
        self.cursor_zyx = self.stack.voxel_of(len(self.stack) // 2, height // 2, width // 2)

    def close(self) -> None:
        self.shared.close()
        self._stacks, self._stacked = {}, None
        self._slabs.clear()

    @property
    def stack(self) -> SliceStack:
        """The scan's slices in the plane; ValueError without a scan."""
        scan = self.scan
        if scan is None:
            raise ValueError("no scan is open")
        if scan is not self._stacked:
            self._stacks, self._stacked = {}, scan
            self._slabs.clear()
        key = (self.plane, self.shared.neurological)
        if key not in self._stacks:
            self._stacks[key] = SliceStack(scan.voxels, scan.geometry, self.plane, neurological=key[1])
        return self._stacks[key]

    @property
    def slices(self) -> int:
        return 0 if self.scan is None else len(self.stack)

    @property
    def index(self) -> int:
        """The slice through the cursor."""
        return 0 if self.scan is None else self._kept(round(self.stack.pixel_of(self.cursor_zyx)[0]))

    def set_plane(self, plane: Plane) -> None:
        """The same place in another plane: the slice through the cursor."""
        self.plane = plane
        self._slabs.clear()

    def set_index(self, index: int) -> None:
        if self.scan is None:
            return
        _, row, column = self.stack.pixel_of(self.cursor_zyx)
        self.cursor_zyx = self.stack.voxel_of(self._kept(index), row, column)

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

    def window_from(self, top: float, left: float, bottom: float, right: float) -> None:
        """The window in which the values between these rows and columns of the slice fill black to white."""
        if self.scan is None or not self.has_window:
            return
        height, width = self.stack.slice_shape
        rows = slice(min(max(round(top), 0), height - 1), min(max(round(bottom), 0), height - 1) + 1)
        columns = slice(min(max(round(left), 0), width - 1), min(max(round(right), 0), width - 1) + 1)
        values = self.stack[self.index][rows, columns].astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            # A few bright or dark voxels (metal, air) must not decide.
            low, high = (float(value) for value in np.percentile(values, (1, 99)))
            self.window = WindowLevel.between(low, high) if high > low else WindowLevel(low, max(self.window.width, 1))

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
        if not self.overlay_on:
            return []
        visible = [layer for layer in self.layers if layer.visible]
        alone = [layer for layer in visible if layer is self.shared.solo]
        return alone or visible

    @property
    def chosen_layer(self) -> Layer | None:
        """The layer that heat map and slice strip are of."""
        shown = self.shown_layers
        return next((layer for layer in shown if layer is self.shared.chosen), shown[0] if shown else None)

    def choose_beside(self, steps: int) -> Layer | None:
        """So many masks on from the chosen one, round again at the end; None where none is shown."""
        shown, chosen = self.shown_layers, self.chosen_layer
        if chosen is None:
            return None
        at = next(number for number, layer in enumerate(shown) if layer is chosen)
        self.shared.chosen = shown[(at + steps) % len(shown)]
        return self.shared.chosen

    @property
    def comparison(self) -> Comparison | None:
        """What the shown layers are compared with; None where nothing is."""
        found = self.shared.comparison
        return found if found is not None and self.overlay_on and found.predicted in self.layers else None

    def layer_at(self, row: float, column: float) -> Layer | None:
        """The topmost layer that has this pixel."""
        height, width = (0, 0) if self.scan is None else self.stack.slice_shape
        r, c = round(row), round(column)
        if not (0 <= r < height and 0 <= c < width):
            return None
        z, y, x = (round(value) for value in self.stack.voxel_of(self.index, r, c))
        level = threshold_level(self.threshold)
        return next((layer for layer in reversed(self.shown_layers) if layer.levels[z, y, x] >= level), None)

    def _level_slices(self, layers: list[Layer]) -> list[NDArray[np.uint8]]:
        return [self._slice_of(layer.levels, layer.revision) for layer in layers]

    def _slice_of(self, array: NDArray[Any], revision: int = 0) -> NDArray[Any]:
        slices = self.stack.like(array)
        if revision == 0 and self.shared.ready is None and is_across(slices):
            copied = self.shared.across.of(array)
            if copied is not None:
                view: NDArray[Any] = self.stack.like(copied)[self.index]
                return view
        return self._slabs.slice_of(array, slices, self.index, revision)

    @property
    def _values(self) -> NDArray[Any]:
        """This slice of the scan."""
        scan = self.scan
        assert scan is not None  # whoever draws has asked
        return self._slice_of(scan.voxels, 0 if self.shared.ready is None else hash(self.shared.ready))

    def look_key(self) -> Hashable:
        """Differs whenever the slice would be painted with other pixels."""
        return (
            id(self.scan),
            self.shared.ready,
            self.plane,
            self.shared.neurological,
            self.index,
            self.window,
            self.opacity,
            self.threshold,
            self.outline,
            self._mode_key(),
            tuple((id(layer), id(layer.levels), layer.revision, layer.colour) for layer in self.shown_layers),
        )

    def _mode_key(self) -> Hashable:
        found, chosen = self.comparison, self.chosen_layer
        if found is not None:
            return id(found), found.value, id(found.predicted)
        return (id(chosen), id(chosen.answered[0])) if self.shared.heat and chosen is not None else None

    def _compared(self, comparison: Comparison) -> NDArray[np.uint32]:
        bits = comparison.bits(*self.compared_slices(comparison))
        return np.ascontiguousarray(compose(self._values, self.window, bits, COMPARED, self.opacity))

    def compared_slices(self, comparison: Comparison) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return self.mask_of(comparison.predicted), comparison.true_of(self._slice_of(comparison.truth))

    def highlight_lines(self) -> NDArray[np.int64] | None:
        """Border of the layer under the mouse on this slice, as `outline_lines` gives it."""
        layer = self.shared.highlighted
        if layer is None or not any(layer is shown for shown in self.shown_layers) or self.comparison is not None:
            return None
        lines = outline_lines(self.mask_of(layer))
        return lines if len(lines) <= MOST_LINES else None

    def picture(self, outlined: Sequence[Layer] = ()) -> NDArray[np.uint32]:
        """This slice as 0xffRRGGBB [h, w], filled with the shown layers that are not `outlined`."""
        if self.shared.ready is not None:
            seen = self._ready_pixels(*self.shared.ready)
            return np.where(seen, compose(self._values, self.window), np.uint32(0xFF000000))
        if self.comparison is not None:
            return self._compared(self.comparison)
        if self.shared.heat and self.chosen_layer is not None:
            levels = self._slice_of(self.chosen_layer.answered[0], self.chosen_layer.revision)
            return np.ascontiguousarray(compose_heat(self._values, self.window, levels, self.opacity))
        lined = {id(layer) for layer in outlined}
        layers = [layer for layer in self.shown_layers if id(layer) not in lined]
        bits = bits_of(self._level_slices(layers), threshold_level(self.threshold)) if layers else None
        colours = tuple(layer.colour for layer in layers)
        return np.ascontiguousarray(compose(self._values, self.window, bits, colours, self.opacity))

    def _ready_pixels(self, first: int, last: int) -> NDArray[np.bool_]:
        """Which pixels of this slice have been read, [h, w]."""
        along = np.zeros(self.stack.shape_zyx[0], np.bool_)
        along[first:last] = True
        seen: NDArray[np.bool_] = self.stack.like(np.broadcast_to(along[:, None, None], self.stack.shape_zyx))
        return seen[self.index]

    def outlines(self) -> list[tuple[Layer, NDArray[np.int64]]]:
        """Border lines of each shown layer on this slice, as `outline_lines` gives them; none where layers are filled.

        A mask of thousands of specks has no outline worth drawing: it stays filled.
        """
        if not self.outline or self.shared.heat or self.comparison is not None:
            return []
        layers, level = self.shown_layers, threshold_level(self.threshold)
        drawn = [
            (layer, outline_lines(one >= level)) for layer, one in zip(layers, self._level_slices(layers), strict=True)
        ]
        return [(layer, lines) for layer, lines in drawn if len(lines) <= MOST_LINES]

    def mask_of(self, layer: Layer) -> NDArray[np.bool_]:
        """This layer's mask on this slice, [h, w]."""
        return np.asarray(self._level_slices([layer])[0] >= threshold_level(self.threshold))
