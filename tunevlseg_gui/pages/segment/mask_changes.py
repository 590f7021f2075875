"""Changes of the mask in hand other than by brush: at one place, on a slice, of the whole mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.volumes.slicing import SliceStack
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.editing.between import painted_slices, slices_between
from tunevlseg_gui.viewer.editing.delta import Delta, apply, box_around, delta_of, difference, whole_box
from tunevlseg_gui.viewer.editing.parts import holes_of_slice, part_at, region_at
from tunevlseg_gui.viewer.editing.steps import VoxelsChanged
from tunevlseg_gui.viewer.mask_overlay import Layer

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
    from tunevlseg_gui.viewer.scan_viewer import ScanViewer
    from tunevlseg_gui.viewer.slice_view import SliceView


class MaskChanges:
    """Each is one step of the editor's history; where it cannot be done, the editor tells why."""

    def __init__(self, editor: MaskEditor, viewer: ScanViewer) -> None:
        self._editor, self._viewer = editor, viewer

    # changes at one place

    def fill_at(self, view: SliceView, row: int, column: int) -> None:
        layer = self._editor.target()
        if layer is None:
            return
        stack, index = view.state.stack, view.state.index
        region, closed = region_at(stack.like(layer.levels)[index] > 0, row, column)
        if not region.any():
            self._editor.told.emit(translate("MaskChanges", "That is inside of the mask already. Click into a hole."))
        elif not closed:
            self._editor.told.emit(
                translate(
                    "MaskChanges",
                    "The mask does not enclose this place on the slice: nothing was filled. Close its outline.",
                )
            )
        else:
            self._change_slice(translate("MaskChanges", "Fill"), layer, stack, index, region)

    def fill_slice(self) -> None:
        """Fills what the mask encloses on the shown slice."""

        def go() -> None:
            layer = self._editor.target()
            if layer is None:
                return
            state = self._viewer.panes.active.state
            holes = holes_of_slice(state.stack.like(layer.levels)[state.index] > 0)
            if not holes.any():
                self._editor.told.emit(translate("MaskChanges", "There is no hole on this slice."))
                return
            self._change_slice(translate("MaskChanges", "Fill holes"), layer, state.stack, state.index, holes)

        self._editor.begin(go)

    def _change_slice(self, words: str, layer: Layer, stack: SliceStack, index: int, marked: NDArray[np.bool_]) -> None:
        box, changed = stack.piece((index, 0, 0), marked[None])
        delta = delta_of(box, changed)
        if delta is not None:
            apply(layer, delta)
            self._editor.add(VoxelsChanged(words, layer, delta))

    def remove_part(self, view: SliceView, row: int, column: int) -> None:
        layer = self._editor.target()
        if layer is None:
            return
        z, y, x = (round(value) for value in view.state.stack.voxel_of(view.state.index, row, column))
        if not layer.levels[z, y, x]:
            self._editor.told.emit(
                translate("MaskChanges", "There is no mask under the mouse. Click on the part that is to go.")
            )
            return

        def find() -> Delta | None:
            box = box_around(layer.levels > 0) or whole_box(layer.levels.shape)
            inner = (z - box[0].start, y - box[1].start, x - box[2].start)
            return delta_of(box, part_at(layer.levels[box] > 0, inner))

        self._compute(
            translate("MaskChanges", "Remove part"), translate("MaskChanges", "Looking for the part."), layer, find
        )

    # changes of the whole mask

    def smooth(self) -> None:
        """Rounds the border: a blur of 1.5 voxels, and one half of it as the threshold."""
        spacing = self._viewer.panes.active.state.stack.spacing_hw
        self._refine(
            translate("MaskChanges", "Smooth"),
            translate("MaskChanges", "Smoothing."),
            smooth=round(1.5 * min(spacing), 3),
        )

    def keep_largest(self) -> None:
        self._refine(
            translate("MaskChanges", "Largest part"),
            translate("MaskChanges", "Looking for the largest part."),
            largest=True,
        )

    def _refine(self, words: str, doing: str, *, smooth: float = 0.0, largest: bool = False) -> None:
        def go() -> None:
            layer, folder = self._editor.target(), self._editor.view_folder
            if layer is None or folder is None:
                return

            def made(levels: NDArray[np.uint8]) -> None:
                self._compute(words, doing, layer, lambda: difference(layer.levels, levels > 0))

            view = "" if self._editor.is_picture else str(folder)
            self._editor.work.refine(doing, layer.levels, folder, view, made, smooth=smooth, largest=largest)

        if not self._editor.refused():
            self._editor.begin(go)

    def interpolate(self) -> None:
        """Proposes what lies between the painted slices of the shown plane; nothing changes before it is taken."""

        def go() -> None:
            layer = self._editor.target()
            if layer is None:
                return
            stack = self._viewer.panes.active.state.stack

            def find() -> NDArray[np.uint8] | None:
                mask = stack.like(layer.levels) > 0
                made = slices_between(mask, painted_slices(mask), stack.spacing_hw, self._editor.work.step)
                if not made.any():
                    return None
                return np.ascontiguousarray(stack.restore(made)).view(np.uint8)

            def found(levels: NDArray[np.uint8] | None) -> None:
                if levels is None:
                    self._editor.told.emit(
                        translate("MaskChanges", "There is no gap between painted slices of this plane.")
                    )
                    return
                self._editor.propose_between(layer, levels)

            self._editor.work.run(translate("MaskChanges", "Filling between slices."), find, found)

        if not self._editor.refused():
            self._editor.begin(go)

    def _compute(self, words: str, doing: str, layer: Layer, find: Callable[[], Delta | None]) -> None:
        editor = self._editor

        def work() -> Delta | None:
            delta = find()
            editor.work.check()
            if delta is not None:
                apply(layer, delta)
            return delta

        def done(delta: Delta | None) -> None:
            if delta is None:
                editor.told.emit(translate("MaskChanges", "{words}: nothing to change.").format(words=words))
            else:
                editor.add(VoxelsChanged(words, layer, delta))
                editor.told.emit(translate("MaskChanges", "{words}: done. Ctrl+Z takes it back.").format(words=words))

        editor.work.run(doing, work, done)
